import { isJsonObject, type JsonObject } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { Capability, ListedModel } from '../contract/provider.ts'
import { countAt, objectsAt, parseJson, textAt, textsAt } from '../kit/json-fields.ts'

/** What a method of the API lets a model do for us. */
const METHODS: Readonly<Record<string, Capability>> = {
  generateContent: 'chat',
  embedContent: 'embedding',
  batchEmbedContents: 'embedding',
}

/** Reads `GET /models`: names without `models/`, the window of the input, and what they are for. */
export function readGeminiModels(body: string): readonly ListedModel[] {
  const json = parseJson(body)
  return (isJsonObject(json) ? (objectsAt(json, 'models') ?? []) : [])
    .slice(0, limits.listedModels)
    .flatMap((model) => readModel(model))
}

function readModel(model: JsonObject): readonly ListedModel[] {
  const id = textAt(model, 'name')?.replace(/^models\//, '')
  if (id === undefined || id === '') return []
  const contextTokens = countAt(model, 'inputTokenLimit')
  const methods = textsAt(model, 'supportedGenerationMethods')
  return [
    {
      id,
      ...(contextTokens !== undefined && { contextTokens }),
      ...(methods !== undefined && { capabilities: capabilitiesOf(id, methods, model['thinking'] === true) }),
    },
  ]
}

/** Every Gemini model that chats takes pictures and, but for Gemma, tools; the list says neither. */
function capabilitiesOf(id: string, methods: readonly string[], thinks: boolean): readonly Capability[] {
  const known = methods.flatMap((method) => (Object.hasOwn(METHODS, method) ? (METHODS[method] ?? []) : []))
  const chats = known.includes('chat') && id.startsWith('gemini-')
  const more: readonly Capability[] = chats ? ['tools', 'vision', 'audio'] : []
  return [...new Set([...known, ...more, ...(thinks ? (['reasoning'] as const) : [])])]
}
