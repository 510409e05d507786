import type { JsonObject } from '../contract/json.ts'
import type { Usage } from '../contract/stream-event.ts'

/** Anthropic's `usage`; what a cache gave or took is not part of its `input_tokens`. */
export function writeMessageUsage({ input, output, cacheRead = 0, cacheWrite = 0, reasoning }: Usage): JsonObject {
  return {
    input_tokens: Math.max(0, input - cacheRead - cacheWrite),
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cacheRead,
    output_tokens: output,
    ...(reasoning !== undefined && { output_tokens_details: { thinking_tokens: reasoning } }),
  }
}
