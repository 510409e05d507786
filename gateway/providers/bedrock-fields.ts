import type { ChatRequest, ReasoningRequest, Sampling } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { compact, entryOf, objectOf } from '../kit/json-fields.ts'
import type { ClaudeTraits } from './anthropic-models.ts'
import { samplingKeys, stopSequences } from './anthropic-parameters.ts'
import { outputConfig, planThinking } from './anthropic-thinking.ts'
import type { MessageContext } from './bedrock-messages.ts'
import type { BedrockModel, Family } from './bedrock-model.ts'
import { forcesTool, holdsToOneCall } from './bedrock-tools.ts'
import { ignored } from './conversions.ts'

/** What a model takes beyond what Converse has for all. */
export interface ModelFields {
  readonly inferenceConfig: JsonObject
  /** `additionalModelRequestFields`. */
  readonly additional: JsonObject
  /** `outputConfig.effort`. */
  readonly effort?: JsonValue | undefined
}

/** Writes sampling and reasoning for this model; says what it does not take. */
export function modelFields(chat: ChatRequest, context: MessageContext): ModelFields {
  const { model } = context
  if (model.claude !== undefined) return claudeFields(chat, model.claude, context)
  const { topK } = chat.sampling
  const nova = novaReasoning(chat, context)
  // Source: Nova 2, "Extended thinking": with high effort these three must not be set.
  const isBare = objectOf(nova?.['reasoningConfig'])?.['maxReasoningEffort'] === 'high'
  if (isBare) noteUnset(chat.sampling, context)
  const { maxOutputTokens, temperature, topP } = isBare ? {} : chat.sampling
  const additional = {
    ...topKField(topK, context),
    ...nova,
    ...effortField(chat.reasoning, context),
  }
  return {
    inferenceConfig: compact({
      maxTokens: maxOutputTokens,
      temperature,
      topP,
      stopSequences: stopSequences(chat, context.conversions),
    }),
    additional,
  }
}

/** Where `top_k` goes among the additional fields; absent where it is not taken. */
const TOP_K: Readonly<Partial<Record<Family, string>>> = { mistral: 'top_k', cohere: 'k', ai21: 'top_k' }

function topKField(topK: number | undefined, { model, conversions }: MessageContext): JsonObject {
  if (topK === undefined) return {}
  if (model.family === 'nova-1' || model.family === 'nova-2') return { inferenceConfig: { topK } }
  const key = TOP_K[model.family]
  if (key !== undefined) return { [key]: topK }
  conversions.push(ignored('top_k', 'has no counterpart with this model at Bedrock'))
  return {}
}

/** Efforts of OpenAI and others, as the three that these models know. */
const LEVELS: Readonly<Record<string, string>> = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
}

function novaReasoning(chat: ChatRequest, { model }: MessageContext): JsonObject | undefined {
  const { reasoning } = chat
  if (model.family !== 'nova-2' || reasoning === undefined) return undefined
  if (isOff(reasoning)) return { reasoningConfig: { type: 'disabled' } }
  return { reasoningConfig: { type: 'enabled', maxReasoningEffort: levelOf(reasoning) } }
}

function noteUnset(sampling: Sampling, { conversions }: MessageContext): void {
  const why = 'cannot be set while this model reasons with high effort'
  if (sampling.maxOutputTokens !== undefined) conversions.push(ignored('max_tokens', why))
  if (sampling.temperature !== undefined) conversions.push(ignored('temperature', why))
  if (sampling.topP !== undefined) conversions.push(ignored('top_p', why))
}

/** `reasoning_effort`, which the open models take; Nova's is {@link novaReasoning}. */
function effortField(reasoning: ReasoningRequest | undefined, { model, conversions }: MessageContext): JsonObject {
  if (reasoning === undefined || model.family === 'nova-2') return {}
  const takesEffort = model.family === 'openai' || model.family === 'other'
  if (isOff(reasoning)) return {}
  if (takesEffort) return { reasoning_effort: levelOf(reasoning) }
  conversions.push(ignored('reasoning_effort', 'has no counterpart with this model at Bedrock'))
  return {}
}

/** True where the client asked for no thoughts. */
export function isOff({ effort, enabled, budgetTokens }: ReasoningRequest): boolean {
  return effort === 'none' || enabled === false || budgetTokens === 0
}

/** A budget at LiteLLM's borders. */
function levelOf({ effort, budgetTokens }: ReasoningRequest): string {
  if (effort !== undefined) return entryOf(LEVELS, effort) ?? 'medium'
  if (budgetTokens === undefined) return 'medium'
  return budgetTokens < 2_048 ? 'low' : budgetTokens < 4_096 ? 'medium' : 'high'
}

/** Converse has a default of its own for `maxTokens`; only thoughts need room of their own. */
function claudeFields(chat: ChatRequest, traits: ClaudeTraits, { model, conversions }: MessageContext): ModelFields {
  const { maxOutputTokens } = chat.sampling
  const plan = planThinking(chatToThink(chat, conversions), traits, conversions)
  const { top_k, ...sampling } = samplingKeys(chat, traits, { thinking: plan.on, conversions })
  const { effort, format: _format, ...output } = outputConfig(chat, { effort: plan.effort }) ?? {}
  const thinks = plan.on && plan.thinking?.['type'] === 'enabled'
  return {
    inferenceConfig: compact({
      maxTokens: thinks ? plan.maxTokens : maxOutputTokens,
      temperature: sampling['temperature'],
      topP: sampling['top_p'],
      stopSequences: stopSequences(chat, conversions),
    }),
    additional: compact({
      top_k,
      thinking: plan.thinking,
      output_config: Object.keys(output).length === 0 ? undefined : output,
      ...parallelField(chat, model),
    }),
    effort,
  }
}

/** A call that must be made excludes thinking. What the client demands goes before how it is to be found. */
function chatToThink(chat: ChatRequest, conversions: Conversion[]): ChatRequest {
  const { reasoning } = chat
  if (reasoning === undefined || isOff(reasoning) || !forcesTool(chat.toolChoice)) return chat
  conversions.push(ignored('reasoning_effort', 'cannot be combined with a tool that must be called'))
  return { ...chat, reasoning: undefined }
}

/** One call at a time: only Claude from 4.5 on can be told so, through its own field. */
function parallelField(chat: ChatRequest, model: BedrockModel): JsonObject {
  if (!holdsToOneCall(chat, model)) return {}
  return { tool_choice: { type: 'auto', disable_parallel_tool_use: true } }
}

/** Values of `additionalModelRequestFields` put over one another, one level deep. */
export function mergeFields(below: JsonObject, above: JsonValue | undefined): JsonObject {
  const over = objectOf(above) ?? {}
  const merged: Record<string, JsonValue | undefined> = { ...below }
  for (const [key, value] of Object.entries(over)) {
    const [a, b] = [objectOf(merged[key]), objectOf(value)]
    merged[key] = a !== undefined && b !== undefined ? { ...a, ...b } : value
  }
  return compact(merged)
}
