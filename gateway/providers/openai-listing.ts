import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { ListedModel } from '../contract/provider.ts'
import { isJsonArray, numberOf, objectOf, parseJson, stringOf } from '../kit/json-fields.ts'

/** Reads `GET /models`: a list under `data` (OpenAI), `models`, or bare (Together). */
export function readModels(body: string): readonly ListedModel[] {
  const json = parseJson(body)
  const list = isJsonObject(json) ? (json['data'] ?? json['models']) : json
  if (!isJsonArray(list)) return []
  return list
    .slice(0, limits.listedModels)
    .map(readModel)
    .filter((model) => model !== undefined)
}

function readModel(value: JsonValue): ListedModel | undefined {
  if (!isJsonObject(value)) return undefined
  const id = (stringOf(value['id']) ?? stringOf(value['name']))?.replace(/^models\//, '')
  if (id === undefined || id === '') return undefined
  const contextTokens = contextOf(value)
  return contextTokens === undefined ? { id } : { id, contextTokens }
}

/** The window that the server really runs with, under each server's own name; the trained length is not it. */
function contextOf(model: JsonObject): number | undefined {
  const found =
    // vLLM and SGLang; OpenRouter, Together and Lemonade; Groq; Mistral; llama.cpp.
    numberOf(model['max_model_len']) ??
    numberOf(model['context_length']) ??
    numberOf(model['context_window']) ??
    numberOf(model['max_context_length']) ??
    numberOf(objectOf(model['meta'])?.['n_ctx'])
  return found !== undefined && found > 0 ? found : undefined
}
