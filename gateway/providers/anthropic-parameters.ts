import type { ChatRequest } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { isJsonObject } from '../contract/json.ts'
import { isJsonArray, objectOf, stringOf } from '../kit/json-fields.ts'
import type { ClaudeTraits } from './anthropic-models.ts'
import { changed, ignored, lost } from './conversions.ts'

/** Temperature and its relatives, as far as the model takes them; while it thinks it takes none. */
export function samplingKeys(
  { sampling }: ChatRequest,
  { sampling: taken }: ClaudeTraits,
  { thinking, conversions }: { readonly thinking: boolean; readonly conversions: Conversion[] },
): JsonObject {
  const { temperature, topP, topK } = sampling
  if (thinking || taken === 'none') {
    const why = thinking ? 'cannot be set while Claude thinks' : 'cannot be set for this model'
    if (temperature !== undefined && temperature !== 1) conversions.push(ignored('temperature', why))
    if (topP !== undefined && topP !== 1) conversions.push(ignored('top_p', why))
    if (topK !== undefined) conversions.push(ignored('top_k', why))
    return {}
  }
  const both = taken === 'one' && temperature !== undefined && topP !== undefined
  if (both && topP !== 1) conversions.push(ignored('top_p', 'cannot be set together with temperature'))
  return { temperature: clampedTemperature(temperature, conversions), top_p: both ? undefined : topP, top_k: topK }
}

function clampedTemperature(temperature: number | undefined, conversions: Conversion[]): number | undefined {
  if (temperature === undefined || (temperature >= 0 && temperature <= 1)) return temperature
  conversions.push(changed('temperature', 'is at most 1 at Anthropic'))
  return temperature > 1 ? 1 : 0
}

/** Reports the parameters of sampling that Messages has no word for. */
export function reportSampling({ sampling }: ChatRequest, conversions: Conversion[]): void {
  const { choices, logprobs, topLogprobs, logitBias } = sampling
  if (choices !== undefined && choices > 1) conversions.push(lost('n', 'cannot be more than 1 at Anthropic'))
  if (logprobs === true || (topLogprobs ?? 0) > 0) conversions.push(lost('logprobs', 'are not told by Anthropic'))
  if (logitBias !== undefined && Object.keys(logitBias).length > 0) conversions.push(lost('logit_bias', NO_COUNTERPART))
  if (sampling.seed !== undefined) conversions.push(ignored('seed', NO_COUNTERPART))
  if ((sampling.minP ?? 0) !== 0) conversions.push(ignored('min_p', NO_COUNTERPART))
  if ((sampling.presencePenalty ?? 0) !== 0) conversions.push(ignored('presence_penalty', NO_COUNTERPART))
  if ((sampling.frequencyPenalty ?? 0) !== 0) conversions.push(ignored('frequency_penalty', NO_COUNTERPART))
}

const NO_COUNTERPART = 'has no counterpart at Anthropic'

/** `stop_sequences`: Anthropic refuses those that consist of white space. */
export function stopSequences({ sampling }: ChatRequest, conversions: Conversion[]): readonly string[] | undefined {
  const stop = sampling.stop ?? []
  const visible = stop.filter((sequence) => sequence.trim() !== '')
  if (visible.length < stop.filter((sequence) => sequence !== '').length) {
    conversions.push(lost('stop', 'has a sequence of white space only, which Anthropic does not take'))
  }
  return visible.length === 0 ? undefined : visible
}

/** Keys of `extra` that are Anthropic's own and go as they are. */
const OWN: ReadonlySet<string> = new Set([
  'cache_control',
  'container',
  'context_management',
  'mcp_servers',
  'diagnostics',
  'inference_geo',
  'speed',
  'fallbacks',
  'safeguards',
  'output_format',
])
/** Keys of `extra` that are written elsewhere, or go into a header. */
const HANDLED: ReadonlySet<string> = new Set([
  'thinking',
  'output_config',
  'service_tier',
  'metadata',
  'web_search_options',
  'betas',
  'anthropic_beta',
])

/**
 * The unknown keys that go out: Anthropic's own, and those that this target's configuration sends on purpose. Anthropic
 * refuses a body with any other key, so the rest is reported as left out.
 */
export function extraKeys(
  { extra }: ChatRequest,
  configured: ReadonlySet<string>,
  conversions: Conversion[],
): JsonObject {
  const out: Record<string, JsonValue> = {}
  for (const [key, value] of Object.entries(extra)) {
    if (value === undefined || HANDLED.has(key)) continue
    if (OWN.has(key) || configured.has(key)) out[key] = value
    else if (key === 'modalities' && isJsonArray(value) && value.includes('audio')) {
      conversions.push(lost(key, 'asks for audio, and Claude answers in text'))
    } else if (!isNeutral(key, value)) conversions.push(ignored(key, NO_COUNTERPART))
  }
  return out
}

/** What asks for nothing is nothing lost. */
function isNeutral(key: string, value: JsonValue): boolean {
  if (key === 'modalities' || key === 'stream_options') return true
  if (value === null || value === false || value === '') return true
  return isJsonArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0
}

/** The tier, where it is one of Anthropic's words. */
export function serviceTier({ extra }: ChatRequest, conversions: Conversion[]): string | undefined {
  const tier = stringOf(extra['service_tier'])
  if (tier === undefined || tier === 'auto' || tier === 'standard_only') return tier
  if (tier !== 'default') conversions.push(ignored('service_tier', NO_COUNTERPART))
  return undefined
}

/**
 * `metadata`, which holds the end user's id and nothing else. Anthropic refuses ids that look like an e-mail address or a
 * telephone number, as it wants to know nobody.
 */
export function metadataKeys(chat: ChatRequest, conversions: Conversion[]): JsonObject | undefined {
  const { user_id: stated, ...others } = objectOf(chat.extra['metadata']) ?? {}
  if (Object.keys(others).length > 0) conversions.push(ignored('metadata', 'holds only user_id at Anthropic'))
  const id = stringOf(stated) ?? chat.user ?? stringOf(chat.extra['safety_identifier'])
  if (id === undefined || id === '') return undefined
  if (typeof stated !== 'string' && !isAnonymous(id)) {
    conversions.push(ignored('user', 'looks like an address or a telephone number, or is too long'))
    return undefined
  }
  return { user_id: id }
}

const MAX_USER_CHARS = 256

function isAnonymous(id: string): boolean {
  return id.length <= MAX_USER_CHARS && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(id) && !/^\+?[\d\s().-]{7,15}$/.test(id)
}
