import type { JsonObject } from '../contract/json.ts'
import type { Usage } from '../contract/stream-event.ts'
import { countOf, objectOf } from '../kit/json-fields.ts'

/**
 * Anthropic's `usage` object. Its `input_tokens` leaves out what was read from or written to a cache, ours includes both;
 * `output_tokens` includes thinking. Undefined when it holds no count. Streams tell it in parts:
 * {@link mergeAnthropicUsage}.
 */
export function readAnthropicUsage(json: JsonObject): Usage | undefined {
  const input = countOf(json['input_tokens'])
  const output = countOf(json['output_tokens'])
  const cacheRead = countOf(json['cache_read_input_tokens'])
  const cacheWrite = countOf(json['cache_creation_input_tokens']) ?? writtenByLifetime(json)
  if (input === undefined && output === undefined && cacheRead === undefined && cacheWrite === undefined) {
    return undefined
  }
  const reasoning = countOf(objectOf(json['output_tokens_details'])?.['thinking_tokens'])
  return {
    input: (input ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0),
    output: output ?? 0,
    ...(cacheRead === undefined ? {} : { cacheRead }),
    ...(cacheWrite === undefined ? {} : { cacheWrite }),
    ...(reasoning === undefined ? {} : { reasoning }),
  }
}

/**
 * The usage of a stream so far: `message_start` has the input's side, every `message_delta` the totals up to there. What a
 * later part leaves out or says as null keeps its earlier value; nothing is added up.
 */
export function mergeAnthropicUsage(earlier: JsonObject | undefined, later: JsonObject | undefined): JsonObject {
  const stated = Object.entries(later ?? {}).filter(([, value]) => value !== null && value !== undefined)
  return { ...earlier, ...Object.fromEntries(stated) }
}

/** What was written, told only by how long it is kept: `{ephemeral_5m_input_tokens, ephemeral_1h_input_tokens}`. */
function writtenByLifetime(json: JsonObject): number | undefined {
  const written = objectOf(json['cache_creation'])
  const short = countOf(written?.['ephemeral_5m_input_tokens'])
  const long = countOf(written?.['ephemeral_1h_input_tokens'])
  return short === undefined && long === undefined ? undefined : (short ?? 0) + (long ?? 0)
}
