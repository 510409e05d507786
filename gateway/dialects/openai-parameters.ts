import type { Sampling } from '../contract/chat.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { numberOf, objectOf, stringOf, isJsonArray, type Draft } from '../kit/json-fields.ts'
import { invalid } from './invalid.ts'

/** Keys that chat and completions share and that the canonical request has a place for. */
export const SHARED_KEYS: readonly string[] = [
  'model',
  'stream',
  'stream_options',
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'seed',
  'stop',
  'max_tokens',
  'presence_penalty',
  'frequency_penalty',
  'logit_bias',
  'logprobs',
  'n',
  'user',
]

const NUMBERS = [
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'max_tokens',
  'max_completion_tokens',
  'top_logprobs',
]

/** The first of the shared parameters that no upstream could understand; null means absent, as in OpenAI's API. */
export function checkParameters(body: JsonObject): Failure | undefined {
  for (const key of NUMBERS) {
    if (!isAbsent(body[key]) && typeof body[key] !== 'number') return invalid(key, `\`${key}\` must be a number.`)
  }
  if (!isAbsent(body.stream) && typeof body.stream !== 'boolean') {
    return invalid('stream', '`stream` must be true or false.')
  }
  if (!isAbsent(body.stream_options) && objectOf(body.stream_options) === undefined) {
    return invalid('stream_options', '`stream_options` must be an object such as {"include_usage": true}.')
  }
  if (!isAbsent(body.logit_bias) && objectOf(body.logit_bias) === undefined) {
    return invalid('logit_bias', '`logit_bias` must be an object of token ids and numbers.')
  }
  return checkCount(body.n) ?? checkStop(body.stop)
}

/** The model's name is the one thing without which nothing can be planned. */
export function checkModel(body: JsonObject): Failure | undefined {
  if (isAbsent(body.model)) {
    return invalid('model', '`model` is missing. Name a model; `GET /v1/models` lists those that can be asked.')
  }
  if (typeof body.model !== 'string' || body.model === '') {
    return invalid('model', '`model` must be the name of a model, as a string.')
  }
  return undefined
}

/** OpenAI's API takes null for a parameter that was not sent. */
export function isAbsent(value: JsonValue | undefined): value is undefined | null {
  return value === undefined || value === null
}

/** The shared sampling parameters; those that differ between the two wires are read by each of them. */
export function readSampling(body: JsonObject): Draft<Sampling> {
  const sampling: Draft<Sampling> = {}
  const set = (key: NumberKey, value: JsonValue | undefined): void => {
    const number = numberOf(value)
    if (number !== undefined) sampling[key] = number
  }
  set('temperature', body.temperature)
  set('topP', body.top_p)
  set('topK', body.top_k)
  set('minP', body.min_p)
  set('seed', body.seed)
  set('presencePenalty', body.presence_penalty)
  set('frequencyPenalty', body.frequency_penalty)
  set('choices', body.n)
  set('maxOutputTokens', maxOutputTokens(body))
  const stop = readStop(body.stop)
  if (stop !== undefined) sampling.stop = stop
  const logitBias = objectOf(body.logit_bias)
  if (logitBias !== undefined) sampling.logitBias = logitBias
  return sampling
}

type NumberKey =
  | 'temperature'
  | 'topP'
  | 'topK'
  | 'minP'
  | 'seed'
  | 'presencePenalty'
  | 'frequencyPenalty'
  | 'choices'
  | 'maxOutputTokens'

/** The newer name wins; local runners take -1 for "no limit", which is what saying nothing means elsewhere. */
export function maxOutputTokens(body: JsonObject): number | undefined {
  const tokens = numberOf(body.max_completion_tokens) ?? numberOf(body.max_tokens)
  return tokens !== undefined && tokens > 0 ? tokens : undefined
}

function checkCount(n: JsonValue | undefined): Failure | undefined {
  if (isAbsent(n) || (typeof n === 'number' && Number.isInteger(n) && n >= 1)) return undefined
  return invalid('n', '`n` must be a whole number of at least 1.')
}

function checkStop(stop: JsonValue | undefined): Failure | undefined {
  if (isAbsent(stop) || typeof stop === 'string') return undefined
  if (isJsonArray(stop) && stop.every((item) => typeof item === 'string')) return undefined
  return invalid('stop', '`stop` must be a string or an array of strings.')
}

function readStop(stop: JsonValue | undefined): string[] | undefined {
  if (typeof stop === 'string') return [stop]
  if (!isJsonArray(stop) || stop.length === 0) return undefined
  return stop.map(stringOf).filter((item) => item !== undefined)
}
