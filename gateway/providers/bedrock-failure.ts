import type { Failure, FailureKind } from '../contract/failure.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import type { HttpHead } from '../contract/provider.ts'
import type { EventStreamMessage } from '../kit/event-stream.ts'
import { entryOf, numberOf, parseJson, textOf } from '../kit/json-fields.ts'
import { headerOf } from '../kit/retry-after.ts'
import { failureOf } from '../wire/error-failure.ts'
import { readUpstreamError } from '../wire/upstream-error.ts'
import { upstreamFailure, type Upstream } from './upstream-failure.ts'

interface ErrorClass {
  readonly kind: FailureKind
  /** What the service answers with; an exception inside a stream has no other. */
  readonly status: number
}

/** AWS's error types, in lower case and without `Exception`. Source: Bedrock Runtime's API reference, "Common errors". */
const TYPES: Readonly<Record<string, ErrorClass>> = {
  throttling: { kind: 'rate-limited', status: 429 },
  toomanyrequests: { kind: 'rate-limited', status: 429 },
  servicequotaexceeded: { kind: 'rate-limited', status: 429 },
  accessdenied: { kind: 'unauthorized-upstream', status: 403 },
  unrecognizedclient: { kind: 'unauthorized-upstream', status: 403 },
  expiredtoken: { kind: 'unauthorized-upstream', status: 403 },
  requestexpired: { kind: 'unauthorized-upstream', status: 403 },
  invalidsignature: { kind: 'unauthorized-upstream', status: 403 },
  signaturedoesnotmatch: { kind: 'unauthorized-upstream', status: 403 },
  incompletesignature: { kind: 'unauthorized-upstream', status: 403 },
  invalidclienttokenid: { kind: 'unauthorized-upstream', status: 403 },
  missingauthenticationtoken: { kind: 'unauthorized-upstream', status: 403 },
  optinrequired: { kind: 'unauthorized-upstream', status: 403 },
  notauthorized: { kind: 'unauthorized-upstream', status: 403 },
  resourcenotfound: { kind: 'model-missing', status: 404 },
  modeltimeout: { kind: 'upstream-timeout', status: 408 },
  modelnotready: { kind: 'overloaded', status: 429 },
  modelerror: { kind: 'server-error', status: 424 },
  modelstreamerror: { kind: 'server-error', status: 424 },
  internalserver: { kind: 'server-error', status: 500 },
  internalfailure: { kind: 'server-error', status: 500 },
  serviceunavailable: { kind: 'overloaded', status: 503 },
  validation: { kind: 'bad-request', status: 400 },
}

/** What a validation error means by its sentence; everything in doubt is left to the common table of sentences. */
const SENTENCES: readonly { readonly says: RegExp; readonly kind: FailureKind }[] = [
  {
    says: /too many input tokens|input (?:is )?too long|input tokens exceeded|expected maxLength|prompt is too long|exceed.{0,40}context/i,
    kind: 'context-length',
  },
  {
    says: /model identifier is invalid|model.{0,40}(?:end of its life|legacy)|on-demand throughput isn.t supported/i,
    kind: 'model-missing',
  },
  // Its apostrophes are typographic.
  { says: /doesn.t support|isn.t supported|is not supported/i, kind: 'unsupported' },
]

/** What a reply that is not a success means. Its type stands in a header, or in the body of a proxy's. */
export function bedrockFailure(upstream: Upstream, head: HttpHead, body: string): Failure {
  const json = parseJson(body)
  const said = isJsonObject(json) ? (textOf(json['message']) ?? textOf(json['Message'])) : undefined
  const type = typeName(headerOf(head, 'x-amzn-errortype') ?? (isJsonObject(json) ? textOf(json['__type']) : undefined))
  if (said === undefined && type === undefined) return upstreamFailure(upstream, head, body)
  const message = said ?? `${upstream.label} refused the request without saying why.`
  return describe(upstream, { type, message }, head)
}

/** The failure that a message of an event stream is: an exception of the model's, or the stream's own error. */
export function failureInStream(upstream: Upstream, { headers, payload }: EventStreamMessage): Failure {
  if (headers.get(':message-type') === 'error') {
    const message = headers.get(':error-message') ?? `${upstream.label} ended the stream with an error.`
    return inStream(upstream, typeName(headers.get(':error-code')), message)
  }
  const json = parseJson(Buffer.from(payload).toString('utf8'))
  return exceptionFailure(upstream, headers.get(':exception-type'), isJsonObject(json) ? json : {})
}

/** The failure that an exception in JSON is. */
export function exceptionFailure(upstream: Upstream, type: string | undefined, json: JsonObject): Failure {
  const said = textOf(json['message']) ?? textOf(json['Message'])
  const original = textOf(json['originalMessage'])
  const parts = [said, original === said ? undefined : original].filter((text) => text !== undefined)
  const message = parts.length === 0 ? `${upstream.label} ended the stream with an error.` : parts.join(' ')
  return inStream(upstream, typeName(type), message, numberOf(json['originalStatusCode']))
}

function inStream(upstream: Upstream, type: string | undefined, message: string, original?: number): Failure {
  const known = type === undefined ? undefined : entryOf(TYPES, nameIn(type))
  const status = known?.status ?? original ?? 500
  return describe(upstream, { type, message }, { status, headers: {} })
}

/** `ValidationException:http://internal...` and `com.amazon.coral#ValidationException` without what is around it. */
function typeName(type: string | undefined): string | undefined {
  const name = type?.replace(/:.*$/s, '').replace(/^.*#/s, '').trim()
  return name === undefined || name === '' ? undefined : name
}

function describe(
  upstream: Upstream,
  { type, message }: { readonly type: string | undefined; readonly message: string },
  head: HttpHead,
): Failure {
  const common = failureOf({ ...(readUpstreamError({ message }) ?? { message }), ...(type && { type }) }, head)
  const known = type === undefined ? undefined : entryOf(TYPES, nameIn(type))
  const sentence = SENTENCES.find(({ says }) => says.test(message))?.kind
  const kind = kindOf(known?.kind, sentence, common.kind)
  const code = kind === 'context-length' ? { code: 'context_length_exceeded' } : {}
  const hint = hintFor(upstream, kind, message, type)
  const ended = /[.!?]$/.test(common.message) ? common.message : `${common.message}.`
  return { ...common, kind, ...code, message: hint === undefined ? common.message : `${ended} ${hint}` }
}

function nameIn(type: string): string {
  return type.toLowerCase().replace(/exception$/, '')
}

/** A validation error's sentence says more than its type; every other type says it all. */
function kindOf(typed: FailureKind | undefined, sentence: FailureKind | undefined, common: FailureKind): FailureKind {
  if (typed !== undefined && typed !== 'bad-request') return typed
  return sentence ?? common
}

function hintFor(upstream: Upstream, kind: FailureKind, message: string, type: string | undefined): string | undefined {
  if (/on-demand throughput/i.test(message)) {
    return 'Use the id of an inference profile instead, such as the same id with "us." or "global." before it.'
  }
  if (kind === 'model-missing') return 'Check the id of the model, and that the region of this target has it.'
  if (kind !== 'unauthorized-upstream') return undefined
  if (/expired/i.test(`${message} ${type ?? ''}`)) return 'Renew it: `aws sso login`, or new keys.'
  if (
    /access to the model|not authorized to perform|access denied/i.test(message) ||
    type === 'AccessDeniedException'
  ) {
    return `Give these credentials access to this model in the ${upstream.label} console.`
  }
  return 'Check the AWS credentials of this provider, and its region.'
}
