import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { Provider } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { removeAt } from '../kit/json-path.ts'
import { isControlKey, isForbiddenKey } from './control-keys.ts'
import { rulesOf, toDrop, type Drop } from './param-rules.ts'

/** What must change in the client's body for one target. */
export interface AppliedParams {
  /** Top-level keys to set; `undefined` removes a key. Empty: the body may go out as it is. */
  readonly edits: JsonObject
  /** Names of what the client sent and this target does not get, for the header that says so. */
  readonly dropped: readonly string[]
}

type ParamProvider = Pick<Provider, 'label' | 'unsupportedParams'>

const NOTHING: AppliedParams = Object.freeze({ edits: Object.freeze({}), dropped: Object.freeze([]) })

/**
 * What a target makes of the client's parameters, in this order: keys for the gateway go; the target's defaults fill
 * what the client left open; what the target or the client always drops goes; what its provider does not support is
 * dropped, or refused where neither says `drop_params`; the target's `extra_body` is laid over all of it.
 *
 * On the path of every request, so it allocates nothing where nothing is to be done. The model's name is not its
 * business.
 */
export function applyParams(body: JsonObject, target: Target, provider: ParamProvider): AppliedParams | Failure {
  const rules = rulesOf(target, provider)
  if (rules.isEmpty && !hasGatewayKeys(body)) return NOTHING

  const draft = createDraft(body)
  removeGatewayKeys(draft)
  mergeDefaults(draft, target.params.defaults)
  dropAlways(draft, [...rules.drops, ...namesIn(body.additional_drop_params).map(toDrop)])
  const allowed = namesIn(body.allowed_openai_params)
  const unsupportedHere = rules.unsupported.filter((name) => !allowed.includes(name))
  const refused = handleUnsupported(draft, unsupportedHere, target.params.dropUnsupported || body.drop_params === true)
  if (refused.length > 0) return unsupported(refused, provider)
  for (const [key, value] of Object.entries(target.params.extraBody)) draft.set(key, value)
  return { edits: draft.edits, dropped: [...draft.dropped] }
}

/** The body with edits laid over it, where later steps see what earlier ones did. */
interface Draft {
  readonly body: JsonObject
  readonly edits: Record<string, JsonValue | undefined>
  readonly dropped: Set<string>
  get(key: string): JsonValue | undefined
  set(key: string, value: JsonValue | undefined): void
}

function createDraft(body: JsonObject): Draft {
  // No prototype: a client's key may be called `__proto__` or `constructor`.
  const edits: Record<string, JsonValue | undefined> = Object.create(null)
  return {
    body,
    edits,
    dropped: new Set(),
    get: (key) => (key in edits ? edits[key] : Object.hasOwn(body, key) ? body[key] : undefined),
    set: (key, value) => {
      edits[key] = value
    },
  }
}

function hasGatewayKeys(body: JsonObject): boolean {
  for (const key in body) {
    if (key === 'metadata' || key === 'extra_body' || isControlKey(key) || isForbiddenKey(key)) return true
  }
  return false
}

/**
 * Control keys vanish, forbidden ones are named. An `extra_body` that the client sent literally is unpacked, as its
 * SDK would have done, under the same rules; and what is not a tag in `metadata` is the upstream's.
 */
function removeGatewayKeys(draft: Draft): void {
  for (const key of Object.keys(draft.body)) {
    if (isForbiddenKey(key)) draft.dropped.add(key)
    if (isForbiddenKey(key) || isControlKey(key)) draft.set(key, undefined)
  }
  unpackExtraBody(draft)
  const { metadata } = draft.body
  if (!isJsonObject(metadata) || !Array.isArray(metadata.tags)) return
  const { tags: _tags, ...rest } = metadata
  draft.set('metadata', Object.keys(rest).length === 0 ? undefined : rest)
}

function unpackExtraBody(draft: Draft): void {
  const extra = draft.body.extra_body
  if (extra === undefined) return
  draft.set('extra_body', undefined)
  if (!isJsonObject(extra)) return
  for (const [key, value] of Object.entries(extra)) {
    if (isForbiddenKey(key)) draft.dropped.add(key)
    else if (!isControlKey(key) && !NEVER_UNPACKED.has(key) && draft.get(key) === undefined) draft.set(key, value)
  }
}

/**
 * What the plan was made from: a second copy inside `extra_body` must not contradict it. And one `extra_body` inside
 * another, which no SDK makes, but which would carry forbidden keys past all this.
 */
const NEVER_UNPACKED = new Set(['model', 'messages', 'stream', 'extra_body'])

/** Two names of one limit: OpenAI refuses a request that has both, and elsewhere the preset could win. */
const OTHER_NAME: Readonly<Record<string, string>> = {
  max_tokens: 'max_completion_tokens',
  max_completion_tokens: 'max_tokens',
}

/** A parameter that is null counts as not sent, as in OpenAI's own API; `metadata` is merged key by key. */
function mergeDefaults(draft: Draft, defaults: JsonObject): void {
  for (const [key, value] of Object.entries(defaults)) {
    const sent = draft.get(key) ?? draft.get(OTHER_NAME[key] ?? key) ?? undefined
    if (sent === undefined) draft.set(key, value)
    else if (key === 'metadata' && isJsonObject(sent) && isJsonObject(value)) draft.set(key, { ...value, ...sent })
  }
}

/** More names than this in one request are not looked at. */
const LIST_LENGTH = 50

/** A list of names that the client sent; what is none is left out. */
function namesIn(value: JsonValue | undefined): readonly string[] {
  if (!Array.isArray(value)) return []
  const items: readonly JsonValue[] = value
  return items.slice(0, LIST_LENGTH).filter((item) => typeof item === 'string')
}

function dropAlways(draft: Draft, drops: readonly Drop[]): void {
  for (const { name, key, rest } of drops) {
    const value = draft.get(key)
    if (value === undefined) continue
    const left = rest.length === 0 ? undefined : removeAt(value, rest)
    if (left === value) continue
    draft.set(key, left)
    draft.dropped.add(name)
  }
}

/** Values that ask for what every upstream does anyway. */
const NEUTRAL: Readonly<Record<string, JsonValue>> = {
  n: 1,
  logprobs: false,
  top_logprobs: 0,
  presence_penalty: 0,
  frequency_penalty: 0,
}

/** Wishes whose loss makes no other answer of an answer: dropped and told, never refused. */
const HINTS: ReadonlySet<string> = new Set([
  'seed',
  'store',
  'metadata',
  'service_tier',
  'prompt_cache_key',
  'safety_identifier',
  'verbosity',
  'prediction',
])

/** Null asks for nothing, and neither does an empty list of anything. */
function isNeutral(key: string, value: JsonValue): boolean {
  if (value === null || (Object.hasOwn(NEUTRAL, key) && NEUTRAL[key] === value)) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** Gives the parameters that must be refused. */
function handleUnsupported(draft: Draft, unsupportedHere: readonly string[], drop: boolean): readonly string[] {
  const refused: string[] = []
  for (const key of unsupportedHere) {
    const value = draft.get(key)
    if (value === undefined) continue
    const asksForNothing = isNeutral(key, value)
    if (!drop && !asksForNothing && !HINTS.has(key)) {
      refused.push(key)
      continue
    }
    draft.set(key, undefined)
    if (!asksForNothing) draft.dropped.add(key)
  }
  return refused
}

function unsupported(params: readonly string[], provider: ParamProvider): Failure {
  const names = params.join(', ')
  return {
    kind: 'unsupported',
    status: 400,
    code: 'unsupported_parameter',
    type: 'invalid_request_error',
    ...(params[0] === undefined ? {} : { param: params[0] }),
    message: `${provider.label} does not support ${names}. Leave ${params.length === 1 ? 'it' : 'them'} out, set drop_params: true to have such parameters dropped, or name ${params.length === 1 ? 'it' : 'them'} in allowed_openai_params to send ${params.length === 1 ? 'it' : 'them'} all the same.`,
  }
}
