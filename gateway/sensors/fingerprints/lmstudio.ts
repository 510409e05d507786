import type { Capability, ListedModel } from '../../contract/provider.ts'
import type { JsonValue } from '../../contract/json.ts'
import { listed, listedModel } from '../fingerprint.ts'
import type { Answers, Fingerprint, ModelFacts } from '../fingerprint.ts'
import { countAt, fieldAt, objectsAt, textAt } from '../../kit/json-fields.ts'

/** The native list of version 0.4 and later, and the one before it. */
const NATIVE_PATH = '/api/v1/models'
const OLD_NATIVE_PATH = '/api/v0/models'

/**
 * LM Studio answers any path with 200, so the proof is the shape of its native list; an empty one proves nothing. What can be asked for is what
 * the OpenAI listing has: models that are not loaded are loaded on demand, with a context that nobody knows yet.
 */
export const lmstudio: Fingerprint = {
  provider: 'lmstudio',
  basePath: '/v1',
  paths: () => [NATIVE_PATH, OLD_NATIVE_PATH],
  recognise: (answers) => {
    const facts = nativeFacts(answers) ?? oldNativeFacts(answers)
    if (facts === undefined) return undefined
    const models = listed(answers).map((model): ListedModel => {
      const id = textAt(model, 'id') ?? ''
      return listedModel(id, facts.get(id) ?? {})
    })
    return { version: undefined, models }
  },
}

function nativeFacts(answers: Answers): ReadonlyMap<string, ModelFacts> | undefined {
  const models = objectsAt(answers.json(NATIVE_PATH), 'models')
  if (models === undefined || models.length === 0 || !models.every(isNative)) return undefined
  return new Map(
    models.flatMap((model) => {
      const loaded = objectsAt(model, 'loaded_instances') ?? []
      const hasVision = fieldAt(fieldAt(model, 'capabilities'), 'vision') === true
      const capabilities = capabilitiesOf(textAt(model, 'type'), hasVision)
      const ofKey = { capabilities, contextTokens: contextOf(loaded[0]) }
      const ofInstances = loaded.map((instance): [string, ModelFacts] => [
        textAt(instance, 'id') ?? '',
        { capabilities, contextTokens: contextOf(instance) },
      ])
      return [[textAt(model, 'key') ?? '', ofKey] satisfies [string, ModelFacts], ...ofInstances]
    }),
  )
}

function oldNativeFacts(answers: Answers): ReadonlyMap<string, ModelFacts> | undefined {
  const models = objectsAt(answers.json(OLD_NATIVE_PATH), 'data')
  if (models === undefined || models.length === 0 || !models.every(isOldNative)) return undefined
  return new Map(
    models.map((model) => {
      const type = textAt(model, 'type')
      const capabilities = capabilitiesOf(type === 'vlm' ? 'llm' : type, type === 'vlm')
      return [textAt(model, 'id') ?? '', { capabilities, contextTokens: countAt(model, 'loaded_context_length') }]
    }),
  )
}

function isNative(model: JsonValue): boolean {
  return textAt(model, 'key') !== undefined && objectsAt(model, 'loaded_instances') !== undefined
}

function isOldNative(model: JsonValue): boolean {
  return ['loaded', 'not-loaded'].includes(textAt(model, 'state') ?? '')
}

function contextOf(instance: JsonValue | undefined): number | undefined {
  return countAt(fieldAt(instance, 'config'), 'context_length')
}

/** Tools work with every language model here (some are only better at it), and nothing says which can reason. */
function capabilitiesOf(type: string | undefined, hasVision: boolean): readonly Capability[] | undefined {
  if (type === 'embedding' || type === 'embeddings') return ['embedding']
  if (type !== 'llm') return undefined
  return ['chat', 'completion', 'tools', 'reasoning', ...(hasVision ? ['vision' as const] : [])]
}
