import type { JsonObject } from '../contract/json.ts'
import { arrayOf, textOf } from '../kit/json-fields.ts'

/** The routes on which an empty request is a wish to have a model loaded or unloaded. */
export type LoadRoute = 'api/chat' | 'api/generate'

/**
 * The answer to a request without any message or prompt, which asks Ollama to load the model, or with `keep_alive: 0` to
 * unload it (docs/api.md). Nothing is loaded here: runners do that with the first request, clouds never. Undefined when
 * the body asks for an answer. Always one object, streamed or not; only for a model that is known to exist.
 */
export function ollamaLoadReply(route: LoadRoute, body: JsonObject, createdS: number): JsonObject | undefined {
  if (asksForAnswer(route, body)) return undefined
  const empty = route === 'api/chat' ? { message: { role: 'assistant', content: '' } } : { response: '' }
  return {
    model: textOf(body['model']) ?? '',
    created_at: new Date(createdS * 1_000).toISOString(),
    ...empty,
    done: true,
    done_reason: isZero(body['keep_alive']) ? 'unload' : 'load',
  }
}

function asksForAnswer(route: LoadRoute, body: JsonObject): boolean {
  if (route === 'api/chat') return arrayOf(body['messages']).length > 0
  return (
    textOf(body['prompt']) !== undefined || textOf(body['suffix']) !== undefined || arrayOf(body['images']).length > 0
  )
}

/** 0, or a duration of nothing: `0`, `0s`, `0m`. */
function isZero(keepAlive: JsonObject[string]): boolean {
  return keepAlive === 0 || (typeof keepAlive === 'string' && /^0+(?:\.0+)?(?:ms|s|m|h)?$/.test(keepAlive))
}
