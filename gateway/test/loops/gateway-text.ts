/** The models of a gateway that stands in front of a {@link ModelServer}, one for each upstream wire. */
export const UPSTREAM_MODELS = [
  'on-openai',
  'on-verbatim',
  'on-vllm',
  'on-azure',
  'on-anthropic',
  'on-ollama',
  'on-gemini',
  'on-bedrock',
] as const

export type UpstreamModel = (typeof UPSTREAM_MODELS)[number]

/** AWS's own example keys: nothing that they sign is believed anywhere. */
export const AWS_KEY_ID = 'AKIAIOSFODNN7EXAMPLE'

/**
 * A `spillway.yaml` with every kind of upstream at one address; what is a cloud is said to be one, because calls that are
 * written as text are looked for on this machine alone. Models have the names that their providers' rules look at.
 * @param upstreamUrl where the scripted upstream listens
 * @param more further lines, at the top level
 */
export function gatewayText(upstreamUrl: string, more = ''): string {
  return `discovery: false
routing: { retries: 0 }
providers:
  openai: { base_url: '${upstreamUrl}/v1', key: sk-upstream, locality: cloud, lane: translated }
  passed: { kind: openai, base_url: '${upstreamUrl}/v1', key: sk-upstream, locality: cloud }
  vllm: { base_url: '${upstreamUrl}/v1' }
  work: { kind: azure, base_url: '${upstreamUrl}', key: azure-upstream, locality: cloud }
  anthropic: { base_url: '${upstreamUrl}', key: sk-ant-upstream, locality: cloud }
  ollama: { base_url: '${upstreamUrl}' }
  gemini: { base_url: '${upstreamUrl}', key: gemini-upstream, locality: cloud }
  bedrock:
    locality: cloud
    settings:
      endpoint: '${upstreamUrl}'
      region: eu-central-1
      access_key_id: ${AWS_KEY_ID}
      secret_access_key: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
models:
  on-openai: openai/gpt-4o
  on-verbatim: passed/gpt-4o
  on-vllm: vllm/Qwen/Qwen3-8B
  on-azure: work/our-gpt-4o
  on-anthropic: anthropic/claude-sonnet-4-5
  on-ollama: ollama/llama3
  on-gemini: gemini/gemini-3-pro-preview
  on-bedrock: bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0
${more}`
}
