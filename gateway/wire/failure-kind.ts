import type { FailureKind } from '../contract/failure.ts'
import { entryOf } from '../kit/json-fields.ts'
import type { UpstreamError } from './upstream-error.ts'

/**
 * What an upstream's error means for us. The status alone is not enough: a prompt that is too long, a refused prompt and
 * a wrong parameter are all 400, and an empty account is 429 at one provider and 402 at the next.
 */
export function failureKind(status: number, error: UpstreamError): FailureKind {
  return byCode(error) ?? bySentence(status, error.message) ?? byStatus(status)
}

/** Codes and types that say it all, whatever the status. */
const CODES: Readonly<Record<string, FailureKind>> = {
  context_length_exceeded: 'context-length',
  exceed_context_size_error: 'context-length',
  context_window_exceeded: 'context-length',
  model_max_prompt_tokens_exceeded: 'context-length',
  tokens_limit_reached: 'context-length',
  content_filter: 'content-policy',
  content_policy_violation: 'content-policy',
  responsibleaipolicyviolation: 'content-policy',
  moderation_blocked: 'content-policy',
  data_inspection_failed: 'content-policy',
  invalid_prompt: 'content-policy',
  insufficient_quota: 'quota',
  insufficient_balance: 'quota',
  insufficient_credits: 'quota',
  billing_hard_limit_reached: 'quota',
  billing_not_active: 'quota',
  invalid_api_key: 'unauthorized-upstream',
  authentication_error: 'unauthorized-upstream',
  model_not_found: 'model-missing',
  model_not_available: 'model-missing',
  invalid_model: 'model-missing',
  deploymentnotfound: 'model-missing',
  // The request is sound, but this model or server does not take it; another may.
  unsupported_parameter: 'unsupported',
  unsupported_value: 'unsupported',
  not_supported_error: 'unsupported',
  // Groq: the model wrote a tool call or JSON that broke the schema. Another model may do better.
  tool_use_failed: 'unsupported',
  json_validate_failed: 'unsupported',
  overloaded: 'overloaded',
  overloaded_error: 'overloaded',
  unavailable_error: 'overloaded',
  capacity_exceeded: 'overloaded',
}

/** Sentences of upstreams that give no usable code. Checked in this order, only for statuses of refusal. */
const SENTENCES: readonly { readonly says: RegExp; readonly kind: FailureKind }[] = [
  {
    // OpenAI and vLLM, llama.cpp, Ollama and its cloud, Google, TGI, Mistral, Together.
    says: /maximum context length|context length is only|exceeds? the (?:available |model'?s? )?(?:max(?:imum)? )?context|context (?:length|window|size) (?:exceeded|of \d)|exceeds? the maximum number of tokens|max(?:imum)? context|tokens \+ `max_new_tokens|prompt (?:is )?too long|too large for model with \d+ maximum context|input is too long|input tokens exceeded/i,
    kind: 'context-length',
  },
  {
    says: /content management policy|content policy|usage policies|safety system|flagged (?:by|for|as)|moderation|inappropriate content|violates? .{0,40}polic/i,
    kind: 'content-policy',
  },
  {
    says: /insufficient (?:account )?(?:balance|credit|funds|quota)|exceeded your current quota|out of credits?|(?:requires|add|purchase) (?:more )?credits|exceeded your (?:monthly|included|current) .{0,30}credits|credit balance|payment required/i,
    kind: 'quota',
  },
  {
    says: /model\b.{0,200}?(?:not found|does ?n[o']t exist|not exist|not loaded|is not available|not supported by any provider)|no models? (?:is |are )?loaded|(?:invalid|unknown) model|no such model/i,
    kind: 'model-missing',
  },
  {
    says: /does not support|doesn't support|not supported|unsupported|requires --|unexpected endpoint|is not (?:a )?multimodal/i,
    kind: 'unsupported',
  },
]
const REFUSALS: ReadonlySet<number> = new Set([400, 402, 403, 404, 413, 422, 451, 500])

function byCode(error: UpstreamError): FailureKind | undefined {
  return entryOf(CODES, error.code?.toLowerCase() ?? '') ?? entryOf(CODES, error.type?.toLowerCase() ?? '')
}

function bySentence(status: number, message: string): FailureKind | undefined {
  if (!REFUSALS.has(status)) return undefined
  const found = SENTENCES.find(({ says }) => says.test(message))?.kind
  // A 500 is only reread where a server is known to use it so: a long prompt (Ollama), an unknown path (LM Studio).
  const reread = found === 'context-length' || /unexpected endpoint/i.test(message)
  return status === 500 && !reread ? undefined : found
}

const STATUSES: Readonly<Record<number, FailureKind>> = {
  401: 'unauthorized-upstream',
  402: 'quota',
  403: 'unauthorized-upstream',
  404: 'model-missing',
  405: 'unsupported',
  408: 'upstream-timeout',
  // A conflict with other work, such as a lock that was not to be had: OpenAI's SDKs ask again.
  409: 'overloaded',
  413: 'request-too-large',
  415: 'unsupported',
  // TGI: the generation failed; Groq: flex capacity exceeded.
  424: 'server-error',
  425: 'overloaded',
  429: 'rate-limited',
  451: 'content-policy',
  498: 'overloaded',
  501: 'unsupported',
  503: 'overloaded',
  529: 'overloaded',
}

function byStatus(status: number): FailureKind {
  const known = STATUSES[status]
  if (known !== undefined) return known
  if (status >= 500) return 'server-error'
  return status >= 400 ? 'bad-request' : 'bad-reply'
}

/** The status that an error inside a 200 stream would have had: stated, told by its type or code, or by its sentence. */
export function impliedStatus(error: UpstreamError): number {
  return error.status ?? statusOfWord(error) ?? statusOfSentence(error.message) ?? 500
}

function statusOfWord(error: UpstreamError): number | undefined {
  const word = `${error.type ?? ''} ${error.code ?? ''}`.toLowerCase()
  return WORDS.find(({ says }) => says.test(word))?.status
}

/** An error without any word for its kind (Ollama, LM Studio, Hugging Face) has nothing but its sentence. */
function statusOfSentence(message: string): number | undefined {
  if (SENTENCES.some(({ says }) => says.test(message))) return 400
  return LOAD.find(({ says }) => says.test(message))?.status
}

interface Rule {
  readonly says: RegExp
  readonly status: number
}

const WORDS: readonly Rule[] = [
  { says: /auth/, status: 401 },
  { says: /permission/, status: 403 },
  { says: /not_found|notfound/, status: 404 },
  { says: /rate_?limit|insufficient_quota|resource_exhausted|^tokens|^requests/, status: 429 },
  { says: /overloaded|unavailable/, status: 503 },
  { says: /timeout/, status: 504 },
  { says: /server|internal|api_error/, status: 500 },
  { says: /invalid|badrequest|bad_request|validation/, status: 400 },
]

const LOAD: readonly Rule[] = [
  { says: /rate.?limit|too many requests/i, status: 429 },
  { says: /overloaded|at capacity|loading model/i, status: 503 },
]
