import type { JsonObject } from '../contract/json.ts'
import type { Usage } from '../contract/stream-event.ts'

/** OpenAI's `usage`; details only where they are known. */
export function writeUsage(usage: Usage): JsonObject {
  const { input, output, cacheRead, cacheWrite, reasoning } = usage
  const prompt = {
    ...(cacheRead === undefined ? {} : { cached_tokens: cacheRead }),
    ...(cacheWrite === undefined ? {} : { cache_write_tokens: cacheWrite }),
  }
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    ...(cacheRead === undefined && cacheWrite === undefined ? {} : { prompt_tokens_details: prompt }),
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
  }
}
