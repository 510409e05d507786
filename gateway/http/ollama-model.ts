import { createHash } from 'node:crypto'
import type { JsonObject } from '../contract/json.ts'
import type { Capability } from '../contract/provider.ts'
import type { ListedRoute, ModelCard } from './server-deps.ts'

/** One entry of `/api/tags` (api/types.go `ListModelResponse`). */
export function tagOf({ createdS }: Pick<ListedRoute, 'createdS'>, card: ModelCard): JsonObject {
  return {
    name: card.name,
    model: card.name,
    modified_at: dateOf(createdS),
    size: 0,
    // Clients shorten it without asking how long it is, and use it as a key.
    digest: createHash('sha256').update(card.name).digest('hex'),
    details: { ...detailsOf(card), context_length: contextOf(card) },
    capabilities: ollamaWords(card.capabilities),
    ...remoteOf(card),
  }
}

/**
 * The answer of `/api/show`. VS Code reads the capabilities (a model without `tools` is hidden from its agents), the
 * name, and the context length under the name of the architecture; what it misses it takes to be 4,096 tokens.
 */
export function showOf({ createdS }: Pick<ListedRoute, 'createdS'>, card: ModelCard): JsonObject {
  const family = familyOf(card.model)
  return {
    modelfile: `# Served by Spillway: ${card.provider}/${card.model}\nFROM ${card.name}\n`,
    parameters: '',
    template: '{{ .Prompt }}',
    details: detailsOf(card),
    model_info: {
      'general.architecture': family,
      'general.basename': card.name,
      [`${family}.context_length`]: contextOf(card),
    },
    capabilities: ollamaWords(card.capabilities),
    modified_at: dateOf(createdS),
    ...remoteOf(card),
  }
}

/** A model that does not run on this machine says so, as Ollama's own cloud models do. */
function remoteOf({ locality, model, provider }: ModelCard): JsonObject {
  return locality === 'cloud' ? { remote_model: model, remote_host: provider } : {}
}

function detailsOf({ model }: ModelCard): JsonObject {
  const family = familyOf(model)
  return {
    parent_model: '',
    // The only one that old clients know.
    format: 'gguf',
    family,
    families: [family],
    parameter_size: /(?:^|[^a-z\d])(\d+(?:\.\d+)?[bm])(?![a-z\d])/i.exec(model)?.[1]?.toUpperCase() ?? '',
    quantization_level: /(?:^|[:_-])(i?q\d\w*|bf16|fp16|f16|f32)\b/i.exec(model)?.[1]?.toUpperCase() ?? '',
  }
}

/** The first word of the model's own name: `qwen3` of `Qwen/Qwen3-Coder-30B`. */
function familyOf(model: string): string {
  const own = model.split('/').at(-1) ?? ''
  return /[a-z][a-z0-9]*/.exec(own.toLowerCase())?.[0] ?? 'model'
}

/** What most models in a cloud can hold at least, and what a local runner is usually started with. */
const ASSUMED_CLOUD_TOKENS = 128_000
const ASSUMED_LOCAL_TOKENS = 32_768

function contextOf({ contextTokens, locality }: ModelCard): number {
  return contextTokens ?? (locality === 'cloud' ? ASSUMED_CLOUD_TOKENS : ASSUMED_LOCAL_TOKENS)
}

/** Our word for a capability -> Ollama's (types/model/capability.go). */
const WORDS: Readonly<Record<Capability, string>> = {
  chat: 'completion',
  completion: 'completion',
  embedding: 'embedding',
  tools: 'tools',
  vision: 'vision',
  reasoning: 'thinking',
  insert: 'insert',
  audio: 'audio',
}

function ollamaWords(capabilities: readonly Capability[]): readonly string[] {
  return [...new Set(capabilities.map((capability) => WORDS[capability]))]
}

function dateOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString()
}
