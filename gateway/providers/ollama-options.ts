import type { OutputFormat, ReasoningRequest, Sampling } from '../contract/chat.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { compact, entryOf, objectOf } from '../kit/json-fields.ts'

/** Model options that clients and LiteLLM's configuration give at the top level; Ollama has them under `options`. */
const OPTION_KEYS = [
  'num_ctx',
  'num_keep',
  'num_predict',
  'num_batch',
  'num_gpu',
  'main_gpu',
  'num_thread',
  'use_mmap',
  'repeat_last_n',
  'repeat_penalty',
  'mirostat',
  'mirostat_eta',
  'mirostat_tau',
  'tfs_z',
  'typical_p',
  'penalize_newline',
  'draft_num_predict',
] as const
/** Keys of the request itself. */
const REQUEST_KEYS = ['keep_alive', 'think', 'truncate', 'shift', 'template', 'raw', 'system'] as const

/**
 * The part of a request that is the same for chat and generate. `truncate: false`, because otherwise Ollama drops the
 * oldest messages in silence when the context is full: an error can be acted on, a lost instruction cannot. `num_ctx` is
 * only sent when somebody set it, because a changed value makes Ollama load the model anew.
 */
export function ollamaSettings(sampling: Sampling, extra: JsonObject): JsonObject {
  const options = compact({ ...samplingOptions(sampling), ...pick(extra, OPTION_KEYS), ...objectOf(extra['options']) })
  return compact({
    truncate: false,
    ...pick(extra, REQUEST_KEYS),
    options: Object.keys(options).length === 0 ? undefined : options,
    logprobs: sampling.logprobs,
    top_logprobs: sampling.topLogprobs,
  })
}

function samplingOptions(sampling: Sampling): JsonObject {
  return {
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    min_p: sampling.minP,
    seed: sampling.seed,
    stop: sampling.stop === undefined || sampling.stop.length === 0 ? undefined : sampling.stop,
    num_predict: sampling.maxOutputTokens,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
  }
}

/** Only keys that are there: an absent one must not undo what stands before it. */
function pick(source: JsonObject, keys: readonly string[]): JsonObject {
  return compact(Object.fromEntries(keys.map((key) => [key, source[key]])))
}

/** `format`: the word `json`, or the schema itself. */
export function ollamaFormat(format: OutputFormat | undefined): JsonValue | undefined {
  if (format === undefined) return undefined
  return format.type === 'json' ? 'json' : format.schema
}

/**
 * `think`: gpt-oss knows three levels and no off switch, every other model only on and off (a level is refused there).
 * Undefined when the client said nothing, so that the model's own default holds.
 */
export function ollamaThink(reasoning: ReasoningRequest | undefined, model: string): JsonValue | undefined {
  if (reasoning === undefined) return undefined
  const { effort, enabled, budgetTokens } = reasoning
  if (effort === undefined) return enabled ?? (budgetTokens === undefined ? undefined : budgetTokens > 0)
  if (!model.includes('gpt-oss')) return effort !== 'none'
  return entryOf(LEVELS, effort) ?? 'medium'
}

const LEVELS: Readonly<Record<string, string>> = {
  none: 'low',
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
}
