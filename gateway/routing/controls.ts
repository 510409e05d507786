import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { RequestControls } from '../contract/route.ts'

/** Request headers as Node gives them, names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** What a client steers for one request. */
export interface ReadControls {
  readonly controls: RequestControls
  readonly tags: readonly string[]
}

const NO_CONTROLS: ReadControls = {
  controls: {
    fallbacks: undefined,
    disableFallbacks: false,
    retries: undefined,
    timeoutMs: undefined,
    firstTokenTimeoutMs: undefined,
  },
  tags: [],
}

const BODY_KEYS = [
  'fallbacks',
  'disable_fallbacks',
  'num_retries',
  'timeout',
  'request_timeout',
  'stream_timeout',
  'tags',
  'metadata',
]
const HEADERS = ['x-litellm-timeout', 'x-litellm-stream-timeout', 'x-litellm-num-retries', 'x-litellm-tags']

/**
 * Reads LiteLLM's per-request controls: body keys `fallbacks`, `disable_fallbacks`, `num_retries`, `timeout`,
 * `stream_timeout`, `tags` and `metadata.tags`, headers `x-litellm-timeout`, `-stream-timeout`, `-num-retries` and
 * `-tags`. Times are in seconds; a header wins over the body, as it does there. A value of the wrong kind is refused
 * rather than ignored: whoever sets a timeout must not wait without one.
 */
export function readControls(body: JsonObject, headers: RequestHeaders): ReadControls | Failure {
  if (!BODY_KEYS.some((key) => body[key] !== undefined) && !HEADERS.some((name) => headers[name] !== undefined)) {
    return NO_CONTROLS
  }
  const problems: string[] = []
  const retries = readNumber('num_retries', firstOf(headers['x-litellm-num-retries']) ?? body.num_retries, problems)
  const timeout = firstOf(headers['x-litellm-timeout']) ?? body.timeout ?? body.request_timeout
  const streamTimeout = firstOf(headers['x-litellm-stream-timeout']) ?? body.stream_timeout
  const read: ReadControls = {
    controls: {
      fallbacks: isPresent(body.fallbacks) ? readNames('fallbacks', body.fallbacks, problems) : undefined,
      disableFallbacks: body.disable_fallbacks === true,
      retries: retries === undefined ? undefined : Math.min(Math.floor(retries), limits.maxAttempts),
      timeoutMs: readMs('timeout', timeout, problems),
      firstTokenTimeoutMs: readMs('stream_timeout', streamTimeout, problems),
    },
    tags: readTags(body, headers, problems),
  }
  return problems.length === 0 ? read : invalid(problems)
}

function readNumber(name: string, value: JsonValue | undefined, problems: string[]): number | undefined {
  if (value === undefined || value === null) return undefined
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number === 'number' && Number.isFinite(number) && number >= 0) return number
  problems.push(`${name} must be a number that is not negative`)
  return undefined
}

/** Seconds to milliseconds; 0 is what some clients send for "no timeout of mine". */
function readMs(name: string, value: JsonValue | undefined, problems: string[]): number | undefined {
  const seconds = readNumber(name, value, problems)
  return seconds === undefined || seconds === 0 ? undefined : Math.min(seconds * 1_000, limits.totalTimeoutMs)
}

function readNames(name: string, value: JsonValue, problems: string[]): readonly string[] {
  const list = Array.isArray(value) && value.length <= limits.controlListItems ? value.map(nameOf) : [undefined]
  if (list.includes(undefined)) problems.push(`${name} must be a list of at most ${limits.controlListItems} names`)
  return list.filter((one) => one !== undefined)
}

function readTags(body: JsonObject, headers: RequestHeaders, problems: string[]): readonly string[] {
  const own = isPresent(body.tags) ? readNames('tags', body.tags, problems) : []
  return [...new Set([...own, ...metadataTags(body), ...headerTags(headers)])]
}

/** A fallback is a name, or LiteLLM's `{"model": "...", "messages": [...]}`, of which only the name is used. */
function nameOf(value: JsonValue): string | undefined {
  const name = isJsonObject(value) ? value.model : value
  return typeof name === 'string' && name !== '' && name.length <= limits.modelNameChars ? name : undefined
}

/** OpenAI has a `metadata` of its own, so what is no list of tags there is none of our business. */
function metadataTags({ metadata }: JsonObject): readonly string[] {
  if (!isJsonObject(metadata) || !Array.isArray(metadata.tags)) return []
  const tags: readonly JsonValue[] = metadata.tags
  return tags.slice(0, limits.controlListItems).filter((tag) => typeof tag === 'string')
}

function headerTags(headers: RequestHeaders): readonly string[] {
  const sent = firstOf(headers['x-litellm-tags']) ?? ''
  return sent
    .split(',', limits.controlListItems)
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
}

function firstOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0]
}

function isPresent(value: JsonValue | undefined): value is JsonValue {
  return value !== undefined && value !== null
}

function invalid(problems: readonly string[]): Failure {
  return {
    kind: 'invalid-request',
    status: 400,
    code: 'invalid_value',
    type: 'invalid_request_error',
    message: `The request cannot be served as it asks: ${problems.join('; ')}. Correct this or leave it out.`,
  }
}
