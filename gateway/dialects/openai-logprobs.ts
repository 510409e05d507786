import type { Opaque } from '../contract/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { isJsonArray } from '../kit/json-fields.ts'

/** Chat's `logprobs` value as JSON text: an event carries either the whole object or only its `content` list. */
export function chatLogprobs(logprobs: Opaque): string {
  return isJsonArray(logprobs) ? `{"content":${JSON.stringify(logprobs)}}` : JSON.stringify(logprobs)
}

/**
 * Joins the log probabilities of successive deltas: lists under the same key are appended (`content` of chat,
 * `tokens`, `token_logprobs`, `top_logprobs`, `text_offset` of completions); anything else, the first one holds.
 */
export function joinLogprobs(before: JsonObject | undefined, next: Opaque): JsonObject | undefined {
  const added = isJsonArray(next) ? { content: next } : next
  if (!isJsonObject(added)) return before
  if (before === undefined) return added
  const joined: Record<string, JsonValue | undefined> = { ...before }
  for (const [key, value] of Object.entries(added)) {
    const held = joined[key]
    joined[key] = isJsonArray(held) && isJsonArray(value) ? [...held, ...value] : (held ?? value)
  }
  return joined
}
