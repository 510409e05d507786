import type { JsonObject } from '../contract/json.ts'
import type { Usage } from '../contract/stream-event.ts'
import { countOf, objectOf } from '../kit/json-fields.ts'

/**
 * The usage of a reply or chunk: `usage`, Groq's `x_groq.usage`, or llama.cpp's `timings` alone, which counts along and
 * so is only right for whoever reads every chunk. Undefined where there is none yet.
 */
export function usageOf(chunk: JsonObject): Usage | undefined {
  const stated = statedUsage(chunk)
  if (stated !== undefined) return stated
  const timings = objectOf(chunk['timings'])
  return timings === undefined ? undefined : readTimings(timings)
}

/** The usage that a reply or chunk states as such. Undefined where there is none. */
export function statedUsage(chunk: JsonObject): Usage | undefined {
  const usage = objectOf(chunk['usage']) ?? objectOf(objectOf(chunk['x_groq'])?.['usage'])
  return usage && readUsage(usage)
}

/** OpenAI's usage object and its relatives. Undefined when it holds no count. */
export function readUsage(usage: JsonObject): Usage | undefined {
  const input = countOf(usage['prompt_tokens'])
  const completion = countOf(usage['completion_tokens'])
  if (input === undefined && completion === undefined) return undefined
  const promptDetails = objectOf(usage['prompt_tokens_details'])
  // DeepSeek and older Mistral builds have names of their own, Moonshot has the plain one at the top.
  const cacheRead =
    countOf(promptDetails?.['cached_tokens']) ??
    countOf(usage['prompt_cache_hit_tokens']) ??
    countOf(usage['num_cached_tokens']) ??
    countOf(usage['cached_tokens'])
  const cacheWrite =
    countOf(promptDetails?.['cache_write_tokens']) ??
    countOf(promptDetails?.['cache_creation_tokens']) ??
    countOf(usage['cache_creation_input_tokens'])
  const reasoning =
    countOf(objectOf(usage['completion_tokens_details'])?.['reasoning_tokens']) ?? countOf(usage['reasoning_tokens'])
  return {
    input: input ?? 0,
    output: outputTokens(completion ?? 0, input ?? 0, { reasoning, total: countOf(usage['total_tokens']) }),
    ...(cacheRead === undefined ? {} : { cacheRead }),
    ...(cacheWrite === undefined ? {} : { cacheWrite }),
    ...(reasoning === undefined ? {} : { reasoning }),
  }
}

/** xAI counts reasoning beside the completion, everybody else inside it; only the total tells which. */
function outputTokens(
  completion: number,
  input: number,
  { reasoning, total }: { reasoning: number | undefined; total: number | undefined },
): number {
  if (reasoning === undefined || reasoning === 0) return completion
  return total === input + completion + reasoning ? completion + reasoning : completion
}

function readTimings(timings: JsonObject): Usage | undefined {
  const output = countOf(timings['predicted_n'])
  const input = countOf(timings['prompt_n'])
  if (output === undefined || input === undefined) return undefined
  const cacheRead = countOf(timings['cache_n']) ?? 0
  return { input: input + cacheRead, output, cacheRead }
}
