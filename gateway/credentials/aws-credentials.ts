import type { Target } from '../contract/route.ts'

/** Keys of an AWS account, as its libraries have them. */
export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** When they end; absent for keys that last. */
  readonly expiration?: Date
}

/** The name of a role's session in AWS's logs where none is stated. */
const SESSION_NAME = 'spillway'

/**
 * The credentials of a target: the stated profile, else the stated keys, else what AWS's chain finds (environment, profiles, SSO,
 * web identity, a command, the machine's role); over all of them the stated role. Rejects where there are none, with a
 * sentence of AWS's library.
 */
export async function loadCredentials(target: Target, region: string): Promise<AwsCredentials> {
  const { settings = {} } = target
  const source = (settings['profile'] === undefined ? statedKeys(target) : undefined) ?? (await chain(settings, region))
  const role = settings['role_arn']
  if (role === undefined) return source
  const { getDefaultRoleAssumer } = await import('@aws-sdk/nested-clients/sts')
  const assume = getDefaultRoleAssumer({ region })
  return pick(await assume(source, { RoleArn: role, RoleSessionName: settings['role_session_name'] ?? SESSION_NAME }))
}

/** Keys of the target itself. A lasting key (`AKIA...`) has no token: one from the environment belongs to another key. */
function statedKeys({ secrets = {} }: Target): AwsCredentials | undefined {
  const accessKeyId = secrets['access_key_id']?.reveal()
  const secretAccessKey = secrets['secret_access_key']?.reveal()
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  const sessionToken = accessKeyId.startsWith('AKIA') ? undefined : secrets['session_token']?.reveal()
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
}

async function chain(settings: Readonly<Record<string, string>>, region: string): Promise<AwsCredentials> {
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node')
  const profile = settings['profile']
  const provide = defaultProvider({
    ...(profile !== undefined && { profile }),
    // We keep what it finds ourselves, and want to see a file that has changed since.
    ignoreCache: true,
    parentClientConfig: { region: async () => region },
    logger: SILENT,
  })
  return pick(await provide())
}

/** Its warnings would go to the console. */
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing }

function nothing(): void {}

function pick({ accessKeyId, secretAccessKey, sessionToken, expiration }: Loose): AwsCredentials {
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    ...(expiration !== undefined && { expiration }),
  }
}

interface Loose {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  readonly expiration?: Date | undefined
}
