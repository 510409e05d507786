import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import { arrayOf, isJsonArray, numberOf, objectOf, stringOf } from '../kit/json-fields.ts'
import { durationMs } from '../kit/retry-after.ts'

/** What can be read from an error body, whoever sent it. */
export interface UpstreamError {
  readonly message: string
  readonly code?: string
  readonly type?: string
  readonly param?: string
  /** A status that the body states itself: errors inside a 200 stream have no other. */
  readonly status?: number
  readonly retryAfterMs?: number
}

/**
 * Reads the error envelopes of all OpenAI-like upstreams. Undefined when the JSON is no error at all.
 * - `{"error": {message, type, param, code}}`: OpenAI, Groq, DeepSeek, vLLM and llama.cpp (`code` is a number)
 * - `{"error": "text", "error_type"|"code"}`: Hugging Face, TGI, Ollama, xAI
 * - `{"object": "error", "message": text | {"detail": [...]}}`, `{"message"}`: Mistral, older vLLM
 * - `{"detail": text | [{loc, msg}]}`: FastAPI, Mistral's 401, NVIDIA's problem details
 * - any of them in a one-element array: Google's OpenAI endpoint
 */
export function readUpstreamError(json: JsonValue | undefined): UpstreamError | undefined {
  const envelope = isJsonArray(json) ? json[0] : json
  if (!isJsonObject(envelope)) return undefined
  const error = envelope['error']
  if (isJsonObject(error)) return fromObject(error, envelope)
  const message = sentenceOf(error) ?? flatError(envelope)
  if (message === undefined) return undefined
  return describe(message, envelope, stringOf(envelope['error_type']) ?? stringOf(envelope['type']))
}

/** The error in a reply that is known to hold one, whether it says anything or not. */
export function errorInReply(json: JsonValue | undefined): UpstreamError {
  return readUpstreamError(json) ?? { message: SILENT, code: 'unknown_error' }
}

const SILENT = 'The upstream reported an error without a message.'

/**
 * True for a reply or chunk of status 200 that reports an error; cheap, because every chunk is asked. An empty error
 * object beside an answer is none.
 */
export function hasError(chunk: JsonObject): boolean {
  const error = chunk['error']
  if (error === undefined || error === null || error === '' || error === false || error === 0) return false
  return !isJsonObject(error) || chunk['choices'] === undefined || Object.keys(error).length > 0
}

function fromObject(error: JsonObject, envelope: JsonObject): UpstreamError {
  const metadata = objectOf(error['metadata'])
  const sentence = sentenceOf(error['message']) ?? flatError(error) ?? sentenceOf(envelope['message']) ?? SILENT
  // OpenRouter says only "Provider returned error" and puts the provider's own words beside it.
  const raw = stringOf(metadata?.['raw'])
  const message = raw === undefined || raw === '' ? sentence : `${sentence}: ${raw}`
  return describe(message, error, stringOf(error['type']) ?? stringOf(error['status']))
}

function describe(message: string, source: JsonObject, type: string | undefined): UpstreamError {
  const code = codeOf(source)
  const param = stringOf(source['param']) ?? locationOf(source['detail'])
  const status = statusIn(source)
  const retryAfterMs = retryDelayOf(source)
  return {
    message: message.slice(0, limits.errorBodyBytes),
    ...(code === undefined ? {} : { code }),
    ...(type === undefined ? {} : { type }),
    ...(param === undefined ? {} : { param }),
    ...(status === undefined ? {} : { status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}

/** The sentence of an envelope that has no `error` key. `message` alone counts only where no answer stands beside it. */
function flatError(json: JsonObject): string | undefined {
  if (json['choices'] !== undefined) return undefined
  return (
    sentenceOf(json['detail']) ?? sentenceOf(json['message']) ?? sentenceOf(json['errors']) ?? sentenceOf(json['msg'])
  )
}

/** A sentence, whatever it is wrapped into: text, a list of FastAPI findings, or an object with one of these inside. */
function sentenceOf(value: JsonValue | undefined, left: number = limits.errorWrappings): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  if (left === 0) return undefined
  if (isJsonArray(value)) {
    const found = value.map((item) => findingOf(item, left - 1)).filter((text) => text !== undefined)
    return found.length === 0 ? undefined : found.join('; ')
  }
  if (!isJsonObject(value)) return undefined
  return (
    sentenceOf(value['detail'], left - 1) ??
    sentenceOf(value['message'], left - 1) ??
    sentenceOf(value['msg'], left - 1)
  )
}

function findingOf(value: JsonValue, left: number): string | undefined {
  if (!isJsonObject(value)) return sentenceOf(value, left)
  const message = sentenceOf(value['msg'], left) ?? sentenceOf(value['message'], left)
  const place = placeOf(value['loc'])
  return message === undefined || place === '' ? message : `${place}: ${message}`
}

function placeOf(location: JsonValue | undefined): string {
  return arrayOf(location)
    .flatMap((step) =>
      (typeof step === 'string' || typeof step === 'number') && step !== 'body' ? [String(step)] : [],
    )
    .join('.')
}

function locationOf(detail: JsonValue | undefined): string | undefined {
  const place = placeOf(objectOf(arrayOf(detail)[0])?.['loc'])
  return place === '' ? undefined : place
}

function codeOf(source: JsonObject): string | undefined {
  const inner = stringOf(objectOf(source['innererror'])?.['code'])
  const code = source['code']
  if (typeof code === 'string' && code !== '') return inner === 'ResponsibleAIPolicyViolation' ? 'content_filter' : code
  return typeof code === 'number' ? String(code) : inner
}

function statusIn(source: JsonObject): number | undefined {
  const candidates = [source['status_code'], source['raw_status_code'], source['status'], source['code']]
  return candidates.map((value) => numberOf(value) ?? Number(stringOf(value) ?? Number.NaN)).find(isErrorStatus)
}

function isErrorStatus(value: number): boolean {
  return Number.isInteger(value) && value >= 400 && value <= 599
}

/** Google's `RetryInfo`: the only place where it says how long to wait. */
function retryDelayOf(source: JsonObject): number | undefined {
  for (const detail of arrayOf(source['details'])) {
    const delay = stringOf(objectOf(detail)?.['retryDelay'])
    if (delay !== undefined) return durationMs(delay)
  }
  return undefined
}
