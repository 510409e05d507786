import type { ProviderSetting, Settings, Signing } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'

/**
 * What can be said of an AWS account. Variables are only looked at here for the region and the keys: the profile's own
 * variable is read by AWS's library, after its own rules, where nothing is stated.
 */
export const awsSettings: readonly ProviderSetting[] = [
  {
    name: 'region',
    litellm: ['aws_region_name'],
    env: ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_REGION_NAME'],
    help: 'The AWS region, such as us-east-1.',
  },
  {
    name: 'profile',
    litellm: ['aws_profile_name'],
    env: [],
    help: 'A profile of ~/.aws/config; with it the keys are not looked at.',
  },
  {
    name: 'access_key_id',
    litellm: ['aws_access_key_id'],
    env: ['AWS_ACCESS_KEY_ID'],
    secret: true,
    help: 'An access key. Without one the usual chain is asked: environment, profiles, SSO, web identity, machine role.',
  },
  {
    name: 'secret_access_key',
    litellm: ['aws_secret_access_key'],
    env: ['AWS_SECRET_ACCESS_KEY'],
    secret: true,
    help: 'The secret of the access key.',
  },
  {
    name: 'session_token',
    litellm: ['aws_session_token'],
    env: ['AWS_SESSION_TOKEN'],
    secret: true,
    help: 'The token that belongs to a temporary access key.',
  },
  {
    name: 'role_arn',
    litellm: ['aws_role_name'],
    env: [],
    help: 'A role to take on with these credentials.',
  },
  {
    name: 'role_session_name',
    litellm: ['aws_session_name'],
    env: [],
    help: 'What the session of the role is called in the logs of AWS.',
  },
]

/** Another address than the region's own: a VPC endpoint, or a test's. */
export const endpointSetting: ProviderSetting = {
  name: 'endpoint',
  litellm: ['aws_bedrock_runtime_endpoint'],
  env: ['AWS_ENDPOINT_URL_BEDROCK_RUNTIME', 'AWS_BEDROCK_RUNTIME_ENDPOINT'],
  help: 'An address in place of the one that follows from the region.',
}

const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d$/

/** The address of a region's runtime, or the stated one. Undefined: no region is known, or it is none. */
export function runtimeUrl({ endpoint, region }: Settings): string | undefined {
  if (endpoint !== undefined) return endpoint
  if (region === undefined || !REGION.test(region)) return undefined
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return `https://bedrock-runtime.${region}.${domain}`
}

/** The address of a region's `bedrock-mantle`. */
export function mantleUrl({ region }: Settings): string | undefined {
  return region === undefined || !REGION.test(region) ? undefined : `https://bedrock-mantle.${region}.api.aws/v1`
}

/** A signature for this target; a bearer key needs none. `hint` is a region that its model names. */
export function awsSigning(target: Target, service: string, hint?: string): Signing | undefined {
  if (target.key !== undefined) return undefined
  const region = regionInUrl(target.baseUrl) ?? target.settings?.['region'] ?? hint ?? DEFAULT_REGION
  return { kind: 'aws-sigv4', service, region }
}

/** The region that an address of AWS names. */
export function regionInUrl(baseUrl: string): string | undefined {
  return /\bbedrock[a-z-]*\.([a-z]{2}(?:-[a-z]+)+-\d)\./.exec(baseUrl)?.[1]
}

/** Where AWS itself begins when nobody says a region. */
const DEFAULT_REGION = 'us-east-1'
