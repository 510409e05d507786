import { findProvider } from '../../providers/registry.ts'
import type { Recording } from './corpus.ts'
import { textAt } from './loose.ts'

/** How a recording is reached through the product: an endpoint of the right kind, and a model that leads to its API. */
export interface ReplayTarget {
  readonly kind: string
  /** Path of the base URL. */
  readonly base: string
  readonly settings: Readonly<Record<string, string>>
  /** In the words of a configuration: `responses/gpt-5`, `invoke/anthropic...`. */
  readonly model: string
}

/** Recorded provider -> ours, where the names differ; Ollama's imitations of other wires are reached as what they imitate. */
const KINDS: Readonly<Record<string, string>> = {
  'bedrock-mantle': 'bedrock_mantle',
  'bedrock/openai-chat': 'bedrock_openai',
  'gemini/chat': 'gemini_openai',
  'gemini/models': 'gemini_openai',
  'ollama/chat': 'openai_like',
  'ollama/messages': 'anthropic',
  'deepseek/responses': 'openai_like',
  together: 'together_ai',
  vertex: 'vertex_ai',
}

export function targetOf(recording: Recording): ReplayTarget {
  const { provider, api, path } = recording
  const named = KINDS[`${provider}/${api}`] ?? KINDS[provider] ?? provider
  const kind = findProvider(named) === undefined ? 'openai_like' : named
  const plain = decodeURIComponent(path.split('?')[0] ?? '')
  const model = textAt(recording.request, 'model') || 'some-model'
  if (provider === 'azure') return azureTarget(recording, plain)
  if (provider === 'bedrock' && api !== 'openai-chat') {
    const id = /^\/model\/(.*)\/[a-z-]+$/.exec(plain)?.[1] ?? ''
    const isInvoked = api.startsWith('invoke') && !id.includes('embed')
    return { kind, base: '', settings: AWS, model: isInvoked ? `invoke/${id}` : id }
  }
  const google = /^(.*?)(?:\/projects\/.*)?\/models\/(.*):[A-Za-z]+$/.exec(plain)
  if (google !== null) {
    const [, base = '', id = ''] = google
    const settings = provider === 'vertex' ? { project: 'example-project', location: 'us-central1' } : {}
    return { kind, base: base.replace(/\/publishers\/google$/, ''), settings, model: id }
  }
  const base = plain.replace(ROUTE, '')
  const settings = kind.startsWith('bedrock') ? { region: 'us-east-1' } : {}
  return { kind, base, settings, model: api === 'responses' ? `responses/${model}` : model }
}

const ROUTE =
  /\/(?:chat\/completions|completions|responses|messages\/count_tokens|messages|embeddings|moderations|v2\/chat|api\/[a-z]+)$/

const AWS = { region: 'us-east-1', access_key_id: 'AKIDEXAMPLE', secret_access_key: 'secret' }

/** Deployments, Foundry's models, and the interface without versions. */
function azureTarget({ path, api, request }: Recording, plain: string): ReplayTarget {
  const version = /[?&]api-version=([^&]+)/.exec(path)?.[1]
  const deployment = /^\/openai\/deployments\/([^/]+)\//.exec(plain)?.[1]
  const named = textAt(request, 'model') || 'some-model'
  const settings = version === undefined ? {} : { api_version: version }
  if (deployment !== undefined) return { kind: 'azure', base: '', settings, model: deployment }
  if (plain.startsWith('/models/')) return { kind: 'azure_ai', base: '/models', settings, model: named }
  return { kind: 'azure', base: '/openai/v1', settings, model: api === 'responses' ? `responses/${named}` : named }
}

export const LANES = ['auto', 'translated'] as const
export type Lane = (typeof LANES)[number]

export function aliasOf(recording: Recording, lane: Lane): string {
  return `${recording.id}@${lane}`
}

/** What {@link configOf} reads. */
export const REPLAY_ENV = { REPLAY_KEY: 'test-key' }

/** A configuration under which every recording has an alias per lane; nothing retries, so that errors are seen at once. */
export function configOf(recordings: readonly Recording[], url: string): string {
  const endpoints = new Map<string, string>()
  const models: string[] = []
  for (const recording of recordings) {
    const { kind, base, settings, model } = targetOf(recording)
    for (const lane of LANES) {
      // Without a key, requests are signed.
      const key = 'access_key_id' in settings ? {} : { key: 'os.environ/REPLAY_KEY' }
      const entry = JSON.stringify({ kind, base_url: url + base, lane, ...key, settings })
      const name = endpoints.get(entry) ?? `e${endpoints.size}`
      endpoints.set(entry, name)
      models.push(`  ${JSON.stringify(aliasOf(recording, lane))}: ${JSON.stringify(`${name}/${model}`)}`)
    }
  }
  return [
    'routing: { retries: 0, cooldown: { disabled: true } }',
    'discovery: false',
    'providers:',
    ...[...endpoints].map(([entry, name]) => `  ${name}: ${entry}`),
    'models:',
    ...models,
  ].join('\n')
}
