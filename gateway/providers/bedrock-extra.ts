import type { ChatRequest } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { arrayOf, compact, objectOf, textOf } from '../kit/json-fields.ts'
import type { BedrockModel } from './bedrock-model.ts'
import { holdsToOneCall } from './bedrock-tools.ts'
import { ignored, lost } from './conversions.ts'

/** Keys of Converse that clients and LiteLLM's configuration give under their own names. */
const PASSED = [
  'guardrailConfig',
  'performanceConfig',
  'requestMetadata',
  'promptVariables',
  'additionalModelResponseFieldPaths',
] as const
/** Keys of Anthropic's Messages that Claude takes here, too. */
const CLAUDE_KEYS = ['anthropic_beta', 'context_management'] as const
/** Read elsewhere. */
const READ_ELSEWHERE: ReadonlySet<string> = new Set([
  'thinking',
  'output_config',
  'additionalModelRequestFields',
  'serviceTier',
  'stream_options',
])
/** What an answer without it would not be. */
const MATTERING: ReadonlySet<string> = new Set(['modalities', 'audio', 'web_search_options', 'suffix'])
const SERVICE_TIERS: Readonly<Record<string, string>> = {
  default: 'default',
  flex: 'flex',
  priority: 'priority',
  reserved: 'reserved',
}

/** The keys of the body that come from {@link ChatRequest.extra}; the stream's way of guarding is only for streams. */
export function passedKeys(extra: JsonObject, stream: boolean): JsonObject {
  const guardrail = objectOf(extra['guardrailConfig'])
  const { streamProcessingMode: _mode, ...whole } = guardrail ?? {}
  return compact({
    ...Object.fromEntries(PASSED.map((key) => [key, extra[key]])),
    guardrailConfig: guardrail === undefined ? undefined : stream ? guardrail : whole,
    serviceTier: serviceTier(extra),
  })
}

/** Bedrock has an object, OpenAI a word; OpenAI's `auto` is what happens anyway. */
function serviceTier(extra: JsonObject): JsonObject | undefined {
  const own = objectOf(extra['serviceTier'])
  const type = textOf(extra['service_tier']) ?? textOf(extra['serviceTier'])
  const known = type === undefined ? undefined : SERVICE_TIERS[type]
  return own ?? (known === undefined ? undefined : { type: known })
}

/** Anthropic's own keys, for Claude. */
export function claudeKeys(extra: JsonObject, model: BedrockModel): JsonObject {
  if (model.claude === undefined) return {}
  return compact(Object.fromEntries(CLAUDE_KEYS.map((key) => [key, extra[key]])))
}

/** States what of the request has no place in this wire; neutral values are no loss. */
export function stateLosses(chat: ChatRequest, model: BedrockModel, conversions: Conversion[]): void {
  const { sampling } = chat
  const none = 'has no counterpart at Bedrock'
  if ((sampling.choices ?? 1) > 1) conversions.push(lost('n', 'is one at Bedrock: ask several times'))
  if (sampling.logprobs === true) conversions.push(lost('logprobs', none))
  if (Object.keys(sampling.logitBias ?? {}).length > 0) conversions.push(lost('logit_bias', none))
  if ((sampling.presencePenalty ?? 0) !== 0) conversions.push(ignored('presence_penalty', none))
  if ((sampling.frequencyPenalty ?? 0) !== 0) conversions.push(ignored('frequency_penalty', none))
  if ((sampling.minP ?? 0) !== 0) conversions.push(ignored('min_p', none))
  if (sampling.seed !== undefined) conversions.push(ignored('seed', none))
  if (chat.user !== undefined) conversions.push(ignored('user', none))
  if (chat.parallelToolCalls === false && chat.tools.length > 0 && !holdsToOneCall(chat, model)) {
    conversions.push(ignored('parallel_tool_calls', 'cannot be false with this model at Bedrock'))
  }
  stateUnknown(chat.extra, model, conversions)
}

function stateUnknown(extra: JsonObject, model: BedrockModel, conversions: Conversion[]): void {
  for (const [key, value] of Object.entries(extra)) {
    if (isNothing(value) || READ_ELSEWHERE.has(key)) continue
    if (PASSED.some((known) => known === key)) continue
    if (model.claude !== undefined && CLAUDE_KEYS.some((known) => known === key)) continue
    if (key === 'service_tier' && (value === 'auto' || serviceTier(extra) !== undefined)) continue
    const why = 'has no counterpart at Bedrock'
    if (MATTERING.has(key) && !isTextOnly(value)) conversions.push(lost(key, why))
    else conversions.push(ignored(key, why))
  }
}

function isNothing(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '') return true
  if (Array.isArray(value)) return value.length === 0
  return isJsonObject(value) && Object.keys(value).length === 0
}

/** `modalities: ["text"]` is what comes anyway. */
function isTextOnly(value: JsonValue | undefined): boolean {
  const list = arrayOf(value)
  return list.length === 1 && list[0] === 'text'
}
