import { generateKeyPairSync } from 'node:crypto'

/** Models of every wire behind one upstream, whose keys all begin with `provider-` or are signatures. */
export function wiresConfig(upstreamUrl: string): string {
  return `
providers:
  openai: { kind: openai, base_url: '${upstreamUrl}/v1', key: provider-openai-0123456789 }
  anthropic: { kind: anthropic, base_url: '${upstreamUrl}', key: provider-anthropic-0123456789 }
  gemini: { kind: gemini, base_url: '${upstreamUrl}', key: provider-gemini-0123456789 }
  vertex: { kind: vertex_ai, base_url: '${upstreamUrl}', settings: { project: our-project, location: us-central1, credentials: os.environ/ACCOUNT } }
  bedrock: { kind: bedrock, settings: { region: us-east-1, endpoint: '${upstreamUrl}', access_key_id: ASIAIOSFODNN7EXAMPLE, secret_access_key: provider-aws-0123456789 } }
  azure: { kind: azure, base_url: '${upstreamUrl}', key: provider-azure-0123456789 }
  foundry: { kind: azure_ai, base_url: '${upstreamUrl}', key: provider-foundry-0123456789 }
  cohere: { kind: cohere, base_url: '${upstreamUrl}', key: provider-cohere-0123456789 }
  runner: { kind: ollama, base_url: '${upstreamUrl}' }
models:
  openai: openai/gpt-4o
  anthropic: anthropic/claude-sonnet-4-5
  gemini: gemini/gemini-2.5-flash
  vertex: vertex/gemini-2.5-flash
  vertex-claude: vertex/claude-sonnet-4-5@20250929
  bedrock: bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0
  bedrock-invoke: bedrock/invoke/us.anthropic.claude-sonnet-4-5-20250929-v1:0
  azure: azure/our-deployment
  foundry: foundry/m
  cohere: cohere/command-a
  runner: runner/llama3
`
}

/** Their names. */
export const WIRE_MODELS = [
  'openai',
  'anthropic',
  'gemini',
  'vertex',
  'vertex-claude',
  'bedrock',
  'azure',
  'foundry',
  'cohere',
  'runner',
] as const

/** A service account whose tokens come from the upstream, too. */
export function wiresEnvironment(upstreamUrl: string): Record<string, string> {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const account = { type: 'service_account', private_key: privateKey, client_email: 'robot@our-project.example' }
  return { ACCOUNT: JSON.stringify({ ...account, token_uri: `${upstreamUrl}/token` }) }
}
