import type { ChatRequest, ReasoningRequest } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject } from '../contract/json.ts'
import { numberOf, objectOf } from '../kit/json-fields.ts'
import { thinkingBlock } from './anthropic-messages.ts'
import type { ClaudeTraits } from './anthropic-models.ts'
import { changed, ignored } from './conversions.ts'

/** How a request asks the model to think. */
export interface ThinkingPlan {
  /** The body's `thinking`; undefined: what the model does by itself. */
  readonly thinking: JsonObject | undefined
  /** The body's `output_config.effort`. */
  readonly effort: string | undefined
  /** Asked for, whether by us or by the client's own `thinking`. */
  readonly on: boolean
  readonly maxTokens: number
}

/** Anthropic's own least budget, and what LiteLLM makes of the efforts that it knows. */
const LEAST_BUDGET = 1_024
const BUDGETS: Readonly<Record<string, number>> = {
  minimal: LEAST_BUDGET,
  low: LEAST_BUDGET,
  medium: 2_048,
  high: 4_096,
  xhigh: 8_192,
  max: 16_384,
}
/** What is left for the answer where the budget alone reaches the default of `max_tokens`. */
const ANSWER_TOKENS = 4_096

/** `reasoning_effort`, or a budget, in the form that this model takes. A `thinking` of the client's own goes as it is. */
export function planThinking(chat: ChatRequest, traits: ClaudeTraits, conversions: Conversion[]): ThinkingPlan {
  const asked = chat.sampling.maxOutputTokens
  const own = objectOf(chat.extra['thinking'])
  if (own !== undefined) {
    const on = own['type'] !== 'disabled'
    const budget = numberOf(own['budget_tokens']) ?? 0
    return { thinking: own, effort: undefined, on, maxTokens: asked ?? roomFor(budget, traits) }
  }
  const { reasoning } = chat
  const silent: ThinkingPlan = {
    thinking: undefined,
    effort: undefined,
    on: false,
    maxTokens: asked ?? traits.maxTokens,
  }
  if (reasoning === undefined) return silent
  const field = reasoning.effort === undefined ? 'thinking' : 'reasoning_effort'
  if (isOff(reasoning)) return { ...silent, ...switchedOff(traits, field, conversions) }
  return { ...silent, ...switchedOn(chat, traits, { field, conversions }) }
}

function switchedOn(chat: ChatRequest, traits: ClaudeTraits, place: Place): Partial<ThinkingPlan> {
  const { reasoning = {} } = chat
  switch (traits.thinking) {
    case 'adaptive':
      return adaptive(reasoning, traits, place)
    case 'either':
      return reasoning.budgetTokens === undefined ? adaptive(reasoning, traits, place) : budgeted(chat, traits, place)
    case 'budget':
      return budgeted(chat, traits, place)
    case 'none':
    default:
      place.conversions.push(ignored(place.field, 'is for models that think before they answer, and this one does not'))
      return {}
  }
}

interface Place {
  readonly field: string
  readonly conversions: Conversion[]
}

function isOff({ enabled, effort, budgetTokens }: ReasoningRequest): boolean {
  if (enabled !== undefined) return !enabled
  return budgetTokens === undefined ? effort === 'none' : budgetTokens === 0
}

function switchedOff(traits: ClaudeTraits, field: string, conversions: Conversion[]): Partial<ThinkingPlan> {
  // The models before 4.6 think only when they are told to.
  if (traits.thinking === 'none' || traits.thinking === 'budget') return {}
  if (traits.thinkingOff) return { thinking: { type: 'disabled' } }
  conversions.push(
    changed(field, 'cannot be switched off with this model, which is asked for the least effort instead'),
  )
  return { effort: 'low' }
}

function adaptive(reasoning: ReasoningRequest, traits: ClaudeTraits, place: Place): Partial<ThinkingPlan> {
  const effort = effortFor(reasoning, traits, place)
  // Newer models keep their thoughts to themselves unless they are asked for a summary.
  return { thinking: { type: 'adaptive', display: 'summarized' }, effort, on: true }
}

function effortFor(reasoning: ReasoningRequest, traits: ClaudeTraits, place: Place): string | undefined {
  const { budgetTokens } = reasoning
  const wanted = budgetTokens === undefined ? reasoning.effort : effortOfBudget(budgetTokens)
  if (wanted === undefined || traits.efforts.includes(wanted)) return wanted
  if (wanted === 'minimal') return 'low'
  if (wanted !== 'xhigh' && wanted !== 'max') return undefined
  place.conversions.push(changed(place.field, 'is more than this model knows, which is asked for high effort'))
  return 'high'
}

/** At LiteLLM's borders. */
function effortOfBudget(budgetTokens: number): string {
  if (budgetTokens >= 4_096) return 'high'
  return budgetTokens >= 2_048 ? 'medium' : 'low'
}

function budgeted(chat: ChatRequest, traits: ClaudeTraits, { field, conversions }: Place): Partial<ThinkingPlan> {
  const { budgetTokens, effort } = chat.reasoning ?? {}
  const wanted = Math.max(
    LEAST_BUDGET,
    budgetTokens ?? BUDGETS[effort ?? 'medium'] ?? BUDGETS['medium'] ?? LEAST_BUDGET,
  )
  const asked = chat.sampling.maxOutputTokens
  if (lacksThoughts(chat)) {
    conversions.push(
      ignored(field, 'needs the signed thoughts of the last tool call, which the client did not send back'),
    )
    return {}
  }
  if (asked !== undefined && asked <= LEAST_BUDGET) {
    conversions.push(ignored(field, `needs an output limit of more than ${LEAST_BUDGET} tokens`))
    return {}
  }
  const maxTokens = asked ?? roomFor(wanted, traits)
  const budget = wanted < maxTokens ? wanted : Math.max(LEAST_BUDGET, Math.floor(maxTokens / 2))
  if (budget !== (budgetTokens ?? wanted)) {
    conversions.push(changed(field, `is a budget of ${budget} tokens, which fits the output limit`))
  }
  return { thinking: { type: 'enabled', budget_tokens: budget }, on: true, maxTokens }
}

function roomFor(budget: number, traits: ClaudeTraits): number {
  return budget < traits.maxTokens ? traits.maxTokens : budget + ANSWER_TOKENS
}

/**
 * True inside a loop of tool calls whose thoughts are gone: with a budget, Anthropic refuses a call that does not begin
 * with the thinking that led to it. Adaptive thinking asks for no such thing.
 */
function lacksThoughts(chat: ChatRequest): boolean {
  const loopStart = chat.messages.findLastIndex((message) => message.role === 'user')
  const first = chat.messages.slice(loopStart + 1).find((message) => message.role === 'assistant')
  if (first === undefined || first.toolCalls.length === 0) return false
  return !first.reasoning.some((part) => thinkingBlock(part) !== undefined)
}

/** The client's own `output_config`, with what was asked for in other words where it does not say it itself. */
export function outputConfig(chat: ChatRequest, additions: JsonObject): JsonObject | undefined {
  const own = objectOf(chat.extra['output_config'])
  const stated = Object.entries(additions).filter(([, value]) => value !== undefined)
  const config = { ...Object.fromEntries(stated), ...own }
  return Object.keys(config).length === 0 ? undefined : config
}
