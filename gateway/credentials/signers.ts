import type { Signing } from '../contract/provider.ts'
import type { Signer } from '../contract/signer.ts'

/** Makes the signer of one kind when it is first needed: the libraries behind them are large. */
export type SignerLoaders = Readonly<Record<Signing['kind'], () => Promise<Signer>>>

/** One signer for every kind of signature. */
export function createSigners(load: SignerLoaders): Signer {
  const loaded = new Map<Signing['kind'], Promise<Signer>>()
  const signerOf = (kind: Signing['kind']): Promise<Signer> => {
    const known = loaded.get(kind)
    if (known !== undefined) return known
    const signer = load[kind]()
    loaded.set(kind, signer)
    // What could not be loaded is tried again by the next request.
    signer.catch(() => loaded.delete(kind))
    return signer
  }
  return {
    sign: async (request, target, signing) => (await signerOf(signing.kind)).sign(request, target, signing),
  }
}
