import type { Provider } from '../contract/provider.ts'
import { awsSettings, awsSigning, endpointSetting, mantleUrl, runtimeUrl } from './bedrock-settings.ts'
import { withoutSlash } from './base-url.ts'
import { openaiCompatible } from './openai-compatible.ts'

const KEY_ENV = ['AWS_BEARER_TOKEN_BEDROCK']

/** Only targets of which the configuration says so (`responses/NAME`) are reached over the Responses API. */
const NEVER_UNASKED = (): boolean => false

/** Bedrock's OpenAI-compatible endpoint on its runtime. Source: Bedrock, "Chat Completions API". */
export const bedrockOpenai: Provider = {
  ...openaiCompatible({
    id: 'bedrock_openai',
    label: 'Bedrock (OpenAI)',
    baseUrlEnv: ['BEDROCK_OPENAI_API_BASE'],
    keyEnv: KEY_ENV,
    keyRequired: false,
    verbatim: ['chat/completions', 'responses'],
    completionsPath: null,
    embeddings: false,
    listing: false,
    responses: NEVER_UNASKED,
  }),
  settings: [...awsSettings, endpointSetting],
  baseUrlFrom: (settings) => {
    const runtime = runtimeUrl(settings)
    return runtime === undefined ? undefined : `${withoutSlash(runtime)}/openai/v1`
  },
  signing: (target) => awsSigning(target, 'bedrock'),
}

/** Bedrock's newer endpoint: an AWS service of its own, which signatures must name. Source: Bedrock, "bedrock-mantle". */
export const bedrockMantle: Provider = {
  ...openaiCompatible({
    id: 'bedrock_mantle',
    label: 'Bedrock (Mantle)',
    baseUrlEnv: ['BEDROCK_MANTLE_API_BASE'],
    keyEnv: ['BEDROCK_MANTLE_API_KEY', ...KEY_ENV],
    keyRequired: false,
    verbatim: ['chat/completions', 'responses'],
    completionsPath: null,
    embeddings: false,
    responses: NEVER_UNASKED,
  }),
  settings: awsSettings,
  baseUrlFrom: mantleUrl,
  signing: (target) => awsSigning(target, 'bedrock-mantle'),
}
