import type { OutputFormat, ReasoningRequest, Sampling } from '../contract/chat.ts'
import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { booleanOf, isJsonArray, numberOf, objectOf, textOf, without, type Draft } from '../kit/json-fields.ts'
import { invalid } from './invalid.ts'
import { isAbsent, readSampling, SHARED_KEYS } from './openai-parameters.ts'

/** `options` that the canonical form has a place for (docs/modelfile.mdx, api/types.go `Options`). */
const NUMBER_OPTIONS = {
  temperature: 'temperature',
  top_p: 'topP',
  top_k: 'topK',
  min_p: 'minP',
  seed: 'seed',
  presence_penalty: 'presencePenalty',
  frequency_penalty: 'frequencyPenalty',
} as const satisfies Readonly<Record<string, keyof Sampling>>

/** Keys that chat and generate share and that are read here. */
export const SETTING_KEYS: readonly string[] = [
  ...SHARED_KEYS,
  'num_predict',
  'max_completion_tokens',
  'top_logprobs',
  'options',
  'think',
  'format',
  'reasoning_effort',
]

/** Keys of Ollama's requests that no other wire knows. */
const NATIVE_KEYS: ReadonlySet<string> = new Set([
  'options',
  'keep_alive',
  'think',
  'truncate',
  'shift',
  'template',
  'raw',
  'system',
  'context',
  'images',
  'format',
])

/** The first mistake in what chat and generate have in common; null means that it was not sent. */
export function checkSettings(body: JsonObject): Failure | undefined {
  const { options, think, format, stream } = body
  if (!isAbsent(stream) && typeof stream !== 'boolean') return invalid('stream', '`stream` must be true or false.')
  if (!isAbsent(think) && typeof think !== 'boolean' && typeof think !== 'string') {
    return invalid('think', '`think` must be true, false, "low", "medium", "high" or "max".')
  }
  if (!isAbsent(format) && format !== '' && format !== 'json' && !isJsonObject(format)) {
    return invalid('format', '`format` must be "json" or a JSON Schema.')
  }
  if (!isAbsent(options) && !isJsonObject(options)) return invalid('options', '`options` must be an object.')
  return checkOptions(objectOf(options) ?? {})
}

function checkOptions(options: JsonObject): Failure | undefined {
  for (const name of [...Object.keys(NUMBER_OPTIONS), 'num_predict', 'num_ctx']) {
    const field = `options.${name}`
    if (!isAbsent(options[name]) && typeof options[name] !== 'number') {
      return invalid(field, `\`${field}\` must be a number.`)
    }
  }
  const { stop } = options
  const isList = isJsonArray(stop) && stop.every((item) => typeof item === 'string')
  if (isAbsent(stop) || typeof stop === 'string' || isList) return undefined
  return invalid('options.stop', '`options.stop` must be an array of strings.')
}

/**
 * Sampling as `options` has it. What a target's configuration adds stands at the top level under OpenAI's names, and
 * yields to what the client said.
 */
export function readOllamaSampling(body: JsonObject): Sampling {
  const options = objectOf(body['options']) ?? {}
  const sampling: Draft<Sampling> = readSampling(body)
  for (const [name, key] of Object.entries(NUMBER_OPTIONS)) {
    const value = numberOf(options[name])
    if (value !== undefined) sampling[key] = value
  }
  const stop = readStop(options['stop'])
  if (stop !== undefined) sampling.stop = stop
  const maxOutputTokens = maxPredicted(body) ?? sampling.maxOutputTokens
  if (maxOutputTokens !== undefined) sampling.maxOutputTokens = maxOutputTokens
  const logprobs = booleanOf(body['logprobs'])
  if (logprobs !== undefined) sampling.logprobs = logprobs
  const topLogprobs = numberOf(body['top_logprobs'])
  if (topLogprobs !== undefined) sampling.topLogprobs = topLogprobs
  return sampling
}

/** `num_predict`; -1 and -2 mean "no limit" and "until the context is full", which is what saying nothing means. */
export function maxPredicted(body: JsonObject): number | undefined {
  const tokens = numberOf(objectOf(body['options'])?.['num_predict']) ?? numberOf(body['num_predict'])
  return tokens !== undefined && tokens > 0 ? tokens : undefined
}

function readStop(value: JsonValue | undefined): readonly string[] | undefined {
  if (typeof value === 'string') return [value]
  const texts = isJsonArray(value) ? value.filter((item) => typeof item === 'string') : []
  return texts.length === 0 ? undefined : texts
}

/** `json`, a schema, or (as old clients send it) an empty text for none. */
export function readOllamaFormat(format: JsonValue | undefined): OutputFormat | undefined {
  if (format === 'json') return { type: 'json' }
  const schema = objectOf(format)
  return schema === undefined ? undefined : { type: 'json-schema', name: 'response', schema, strict: undefined }
}

/** `think`: a switch, or a level for models that have levels. */
export function readThink(body: JsonObject): ReasoningRequest | undefined {
  const { think } = body
  if (typeof think === 'boolean') return { enabled: think }
  const effort = textOf(think) ?? textOf(body['reasoning_effort'])
  return effort === undefined ? undefined : { effort }
}

/**
 * What is left for an upstream that is an Ollama itself, as the client sent it: the options that have no place in the
 * canonical form, and everything else by its own name. `nativeKeys` tells other upstreams what not to take.
 */
export function readExtra(
  body: JsonObject,
  known: ReadonlySet<string>,
): { readonly extra: JsonObject; readonly nativeKeys: readonly string[] } {
  const options = leftOptions(objectOf(body['options']) ?? {})
  const { think } = body
  const extra: Record<string, JsonValue | undefined> = {
    ...withoutNulls(without(body, known)),
    ...(known.has('options') && Object.keys(options).length > 0 && { options }),
    // A level means something else for each model; only Ollama's own rules say what, so it is told the word itself.
    ...(known.has('think') && typeof think === 'string' && think !== '' && { think }),
  }
  return { extra, nativeKeys: Object.keys(extra).filter((key) => NATIVE_KEYS.has(key)) }
}

function leftOptions(options: JsonObject): JsonObject {
  const read = new Set([...Object.keys(NUMBER_OPTIONS), 'stop'])
  const predicted = options['num_predict']
  if (typeof predicted === 'number' && predicted > 0) read.add('num_predict')
  return withoutNulls(without(options, read))
}

function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null))
}
