import type { Failure, FailureKind } from '../contract/failure.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import { asNumber, asObject, asString, asText, type Draft } from './json-read.ts'

/** What an in-band error says about itself; everything is optional on the wire. */
interface Signs {
  readonly status: number | undefined
  /** Type, code and message in lower case. */
  readonly words: string
}

/** First match wins; words come before the status where they are more exact than it. */
const RULES: readonly { readonly kind: FailureKind; readonly statuses: readonly number[]; readonly words: RegExp }[] = [
  {
    kind: 'context-length',
    statuses: [],
    words: /context_length|context length|context size|context window|maximum context|prompt (is )?too long/,
  },
  { kind: 'content-policy', statuses: [], words: /content_filter|content_policy|content management policy/ },
  { kind: 'quota', statuses: [402], words: /insufficient_quota|insufficient credits|exceeded your current quota/ },
  { kind: 'rate-limited', statuses: [429], words: /rate.?limit|too many requests/ },
  { kind: 'overloaded', statuses: [503, 529], words: /overloaded|service_unavailable|loading model|at capacity/ },
  { kind: 'unauthorized-upstream', statuses: [401, 403], words: /invalid_api_key|authentication_error/ },
  { kind: 'model-missing', statuses: [404], words: /model_not_found/ },
  { kind: 'upstream-timeout', statuses: [408], words: /timeout_error|timed out/ },
  { kind: 'request-too-large', statuses: [413], words: /request_too_large/ },
  { kind: 'bad-request', statuses: [400, 422], words: /invalid_request_error|badrequesterror/ },
]

/**
 * The error inside a reply that came with status 200, or undefined where there is none: `{"error": {...}}`,
 * `{"error": "text"}` (Ollama, Hugging Face, LM Studio), `{"object": "error"}` (older vLLM); `named` is true for
 * an SSE event called `error`, whose data may be the error itself (Groq).
 */
export function readWireError(reply: JsonObject, named = false): Failure | undefined {
  const { error } = reply
  if (typeof error === 'string' && error !== '') return toFailure({ ...reply, message: error })
  const inner = asObject(error)
  if (inner !== undefined) return toFailure(inner)
  return named || reply.object === 'error' ? toFailure(reply) : undefined
}

function toFailure(error: JsonObject): Failure {
  const code = asText(error.code)
  const type = asText(error.type) ?? asText(error.error_type)
  const message = messageOf(error)
  const status = statusIn(error.status_code) ?? statusIn(error.status) ?? statusIn(error.code)
  const words = `${type ?? ''} ${code ?? ''} ${message}`.toLowerCase()
  const failure: Draft<Failure> = { kind: kindOf({ status, words }), message }
  if (status !== undefined) failure.status = status
  if (type !== undefined) failure.type = type
  if (code !== undefined) failure.code = code
  const param = asText(error.param)
  if (param !== undefined) failure.param = param
  return failure
}

function kindOf({ status, words }: Signs): FailureKind {
  const byWords = RULES.find((rule) => rule.words.test(words))
  const byStatus = RULES.find((rule) => status !== undefined && rule.statuses.includes(status))
  // "Bad request" in words is said of everything; a status such as 429 or 503 beside it knows better.
  if (byWords !== undefined && byWords.kind !== 'bad-request') return byWords.kind
  return (byStatus ?? byWords)?.kind ?? 'server-error'
}

function messageOf(error: JsonObject): string {
  const text = asText(error.message) ?? asText(error.detail) ?? 'The upstream reported an error without a message.'
  return text.slice(0, limits.logMessageChars)
}

/** HTTP statuses hide in `code` as a number (vLLM, llama.cpp, OpenRouter) or as its digits. */
function statusIn(value: JsonValue | undefined): number | undefined {
  const status = asNumber(value) ?? Number(asString(value) ?? Number.NaN)
  return Number.isInteger(status) && status >= 400 && status < 600 ? status : undefined
}
