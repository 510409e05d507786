import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { Usage } from '../contract/stream-event.ts'
import { asNumber, asObject, type Draft } from './json-read.ts'

/**
 * Reads OpenAI's `usage` and its relatives. Cache figures: `prompt_tokens_details.cached_tokens` (OpenAI, Groq),
 * `prompt_cache_hit_tokens` (DeepSeek), `num_cached_tokens` (older Mistral); undefined when nothing was counted.
 */
export function readUsage(value: JsonValue | undefined): Usage | undefined {
  const usage = asObject(value)
  if (usage === undefined) return undefined
  const input = asNumber(usage.prompt_tokens)
  const output = asNumber(usage.completion_tokens)
  if (input === undefined && output === undefined) return undefined
  const prompt = asObject(usage.prompt_tokens_details)
  const completion = asObject(usage.completion_tokens_details)
  const cacheRead = firstNumber(prompt?.cached_tokens, usage.prompt_cache_hit_tokens, usage.num_cached_tokens)
  const cacheWrite = firstNumber(prompt?.cache_write_tokens, prompt?.cache_creation_tokens)
  const reasoning = asNumber(completion?.reasoning_tokens)
  const read: Draft<Usage> = { input: input ?? 0, output: output ?? 0 }
  if (cacheRead !== undefined) read.cacheRead = cacheRead
  if (cacheWrite !== undefined) read.cacheWrite = cacheWrite
  if (reasoning !== undefined) read.reasoning = reasoning
  return read
}

/** The usage of a whole reply or chunk; some of Groq's put it under `x_groq` alone. */
export function replyUsage(json: JsonObject): Usage | undefined {
  return readUsage(json.usage) ?? readUsage(asObject(json.x_groq)?.usage)
}

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

function firstNumber(...values: readonly (JsonValue | undefined)[]): number | undefined {
  return values.find((value) => typeof value === 'number')
}
