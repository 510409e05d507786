import type { Capability, ListedModel } from '../../contract/provider.ts'
import type { JsonObject, JsonValue } from '../../contract/json.ts'
import { listed, listedModel } from '../fingerprint.ts'
import type { Fingerprint } from '../fingerprint.ts'
import { countAt, entryOf, fieldAt, objectsAt, textAt, textsAt } from '../../kit/json-fields.ts'

/**
 * Lemonade answers Ollama's routes as well, with a version that is made up: its own health report is the proof
 * (lemonade-sdk, docs/api). The servers that it starts for its models are named there, to be left alone.
 */
export const lemonade: Fingerprint = {
  provider: 'lemonade',
  basePath: '/v1',
  paths: () => ['/v1/health'],
  recognise: (answers) => {
    const health = answers.json('/v1/health')
    const loaded = objectsAt(health, 'all_models_loaded')
    if (loaded === undefined || textAt(health, 'status') === undefined) return undefined
    return {
      version: textAt(health, 'version'),
      models: listed(answers).map((model) => modelOf(model, loaded)),
      children: loaded.flatMap((model) => textAt(model, 'backend_url') ?? []),
    }
  },
}

const CAPABILITIES: Readonly<Record<string, Capability>> = {
  vision: 'vision',
  reasoning: 'reasoning',
  'tool-calling': 'tools',
  audio: 'audio',
}

/** Only the context of a loaded model is known; the others get theirs when they are loaded. */
function modelOf(model: JsonValue, loaded: readonly JsonObject[]): ListedModel {
  const id = textAt(model, 'id') ?? ''
  const running = loaded.find((candidate) => textAt(candidate, 'model_name') === id)
  return listedModel(id, {
    contextTokens: countAt(fieldAt(running, 'recipe_options'), 'ctx_size'),
    capabilities: capabilitiesOf(textsAt(model, 'labels')),
    remote: textAt(model, 'recipe') === 'cloud' || textAt(model, 'cloud_provider') !== undefined,
  })
}

function capabilitiesOf(labels: readonly string[] | undefined): readonly Capability[] | undefined {
  if (labels === undefined || labels.length === 0) return undefined
  if (labels.includes('embeddings')) return ['embedding']
  return ['chat', 'completion', ...labels.flatMap((label) => entryOf(CAPABILITIES, label) ?? [])]
}
