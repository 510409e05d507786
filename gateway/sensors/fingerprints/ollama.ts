import type { ListedModel } from '../../contract/provider.ts'
import type { JsonValue } from '../../contract/json.ts'
import { listedModel, ownersOf } from '../fingerprint.ts'
import type { Fingerprint } from '../fingerprint.ts'
import { objectsAt, textAt, textsAt } from '../../kit/json-fields.ts'
import { isOllamaCloud, ollamaCapabilities } from '../../wire/ollama-tags.ts'

/** Other runners answer Ollama's routes too; these say who they are in their listing. */
const OTHERS = new Set(['lemonade', 'llamacpp', 'vllm', 'sglang', 'llama-swap'])

/**
 * Ollama: the sentence at `/`, and the native list, whose entries have a digest or details
 * (github.com/ollama/ollama, docs/api.md).
 */
export const ollama: Fingerprint = {
  provider: 'ollama',
  basePath: '',
  paths: (answers) => (ownersOf(answers).some((owner) => OTHERS.has(owner)) ? [] : ['/', '/api/tags', '/api/version']),
  recognise: (answers) => {
    const models = objectsAt(answers.json('/api/tags'), 'models') ?? emptyList(answers.json('/api/tags'))
    if (answers.text('/')?.trim() !== 'Ollama is running' || models === undefined) return undefined
    return { version: textAt(answers.json('/api/version'), 'version'), models: models.flatMap(modelOf) }
  },
}

/**
 * `details.context_length` is what the model was trained for, and the context that it runs with is whatever the
 * request asks for: so no context length is claimed.
 */
function modelOf(model: JsonValue): ListedModel[] {
  const id = textAt(model, 'name') ?? textAt(model, 'model')
  if (id === undefined) return []
  const words = textsAt(model, 'capabilities')
  const capabilities = words && ollamaCapabilities(words)
  return [listedModel(id, { capabilities, remote: isRemote(model, id) })]
}

/** Ollama runs some models on ollama.com: they name their host, or carry the tag `cloud` or a tag that ends so. */
function isRemote(model: JsonValue, id: string): boolean {
  return textAt(model, 'remote_host') !== undefined || textAt(model, 'remote_model') !== undefined || isOllamaCloud(id)
}

/** Go writes a list that has no entries as `null`. */
function emptyList(tags: JsonValue | undefined): readonly JsonValue[] | undefined {
  return typeof tags === 'object' && tags !== null && 'models' in tags && tags.models === null ? [] : undefined
}
