import type { JsonObject } from '../contract/json.ts'
import type { Usage } from '../contract/stream-event.ts'
import { countOf, objectOf } from '../kit/json-fields.ts'

/**
 * The `usage` of a response as the Responses API states it: `input_tokens` includes what came from or went into a
 * cache, `output_tokens` includes reasoning. Undefined when it holds no count.
 */
export function readResponsesUsage(usage: JsonObject | undefined): Usage | undefined {
  const input = countOf(usage?.['input_tokens'])
  const output = countOf(usage?.['output_tokens'])
  if (input === undefined && output === undefined) return undefined
  const details = objectOf(usage?.['input_tokens_details'])
  const cacheRead = countOf(details?.['cached_tokens'])
  const cacheWrite = countOf(details?.['cache_write_tokens'])
  const reasoning = countOf(objectOf(usage?.['output_tokens_details'])?.['reasoning_tokens'])
  return {
    input: input ?? 0,
    output: output ?? 0,
    ...(cacheRead === undefined ? {} : { cacheRead }),
    ...(cacheWrite === undefined ? {} : { cacheWrite }),
    ...(reasoning === undefined ? {} : { reasoning }),
  }
}

/** The same for a client. Both details are required by typed clients, so an unknown count is a zero there. */
export function writeResponsesUsage(usage: Usage): JsonObject {
  const { input, output, cacheRead, cacheWrite, reasoning } = usage
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: cacheRead ?? 0,
      ...(cacheWrite === undefined ? {} : { cache_write_tokens: cacheWrite }),
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning ?? 0 },
    total_tokens: input + output,
  }
}
