import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { countOf, isJsonArray, objectOf, stringOf } from '../kit/json-fields.ts'

/**
 * TGI's first API, which gateways in front of old servers still answer with, as a completion of OpenAI's: whole replies
 * `{"generated_text", "details"?}`, alone or in a list of one, and stream events `{"token": {"text", "special"}, ...}` of
 * which the last has `generated_text`. Undefined for anything else.
 */
export function generateAsCompletion(json: JsonValue | undefined): JsonObject | undefined {
  const reply = isJsonArray(json) && json.length === 1 ? json[0] : json
  if (!isJsonObject(reply)) return undefined
  const token = objectOf(reply['token'])
  const whole = stringOf(reply['generated_text'])
  if (token === undefined && whole === undefined) return undefined
  const isEnd = whole !== undefined
  const text = token === undefined ? whole : token['special'] === true ? '' : stringOf(token['text'])
  const details = objectOf(reply['details'])
  const choice = { index: 0, text: text ?? '', finish_reason: isEnd ? finishOf(details) : null }
  return { choices: [choice], ...usageOf(details) }
}

/** Without details nobody says why it ended; it did. */
function finishOf(details: JsonObject | undefined): string {
  return stringOf(details?.['finish_reason']) ?? 'stop'
}

/** The prompt's tokens are only told to who asks for each of them, so a count of the answer alone is none. */
function usageOf(details: JsonObject | undefined): JsonObject {
  const completion = countOf(details?.['generated_tokens'])
  const prefill = details?.['prefill']
  if (completion === undefined || !isJsonArray(prefill) || prefill.length === 0) return {}
  return { usage: { prompt_tokens: prefill.length, completion_tokens: completion } }
}
