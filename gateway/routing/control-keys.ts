/**
 * Keys of a request body that are addressed to a gateway and not to a model. LiteLLM's clients send them; an upstream
 * would refuse them or, worse, believe them. They are read by `readControls` or ignored, and never sent on.
 */
const CONTROL_KEYS = new Set([
  'fallbacks',
  'context_window_fallback_dict',
  'disable_fallbacks',
  'num_retries',
  'max_retries',
  'timeout',
  'request_timeout',
  'stream_timeout',
  'tags',
  'drop_params',
  'additional_drop_params',
  'allowed_openai_params',
  'merge_reasoning_content_in_choices',
  'mock_response',
  'mock_timeout',
  'mock_tool_calls',
  'caching',
  'cache',
  'no-log',
  'guardrails',
  'user_config',
  'model_list',
  'model_info',
  'proxy_server_request',
])

/**
 * Where a request goes and with which credential is the configuration's business alone: these would let a client
 * choose it (CVE-2024-6587 sent the stored key to any `api_base`). They are removed and named among what was dropped.
 */
const FORBIDDEN_KEYS = new Set([
  'api_base',
  'base_url',
  'api_key',
  'api_version',
  'api_type',
  'organization',
  'headers',
  'extra_headers',
  'extra_query',
  'custom_llm_provider',
  'azure_ad_token',
  'deployment_id',
])

const CONTROL_PREFIXES = ['litellm_', 'mock_testing_', 'spillway_']
const FORBIDDEN_PREFIXES = ['aws_', 'vertex_', 'azure_']

/** True for a key that steers the gateway itself. */
export function isControlKey(key: string): boolean {
  return CONTROL_KEYS.has(key) || CONTROL_PREFIXES.some((prefix) => key.startsWith(prefix))
}

/** True for a key by which a client would choose the destination or the credential. */
export function isForbiddenKey(key: string): boolean {
  return FORBIDDEN_KEYS.has(key) || FORBIDDEN_PREFIXES.some((prefix) => key.startsWith(prefix))
}

/** Parameters that are never "unsupported": every provider has them, or translates them away. */
export const ALWAYS_SUPPORTED: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'user',
  'stream',
  'stream_options',
  'max_retries',
])
