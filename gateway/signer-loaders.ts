import type { Clock } from './contract/clock.ts'
import type { SignerLoaders } from './credentials/signers.ts'

/** Where each kind of signature comes from; nothing of it is loaded before the first request that needs it. */
export function signerLoaders(clock: Clock): SignerLoaders {
  return {
    'aws-sigv4': async () => (await import('./credentials/aws.ts')).createAwsSigner({ clock }),
    'google-oauth': async () => (await import('./credentials/google.ts')).createGoogleSigner({ clock }),
    'azure-entra': async () => (await import('./credentials/azure.ts')).createAzureSigner({ clock }),
  }
}
