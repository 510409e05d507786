import type { ReasoningRequest } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject } from '../contract/json.ts'
import { entryOf } from '../kit/json-fields.ts'
import { changed, ignored } from './conversions.ts'
import { geminiGeneration } from './gemini-generation.ts'

/** What Google itself makes of OpenAI's `reasoning_effort` for models with a budget. */
const BUDGETS: Readonly<Record<string, number>> = { minimal: 1_024, low: 1_024, medium: 8_192, high: 24_576 }
const HIGHEST_BUDGET = 24_576
/** The smallest budget that is still one, for models that cannot stop thinking or not think less. */
const SMALLEST: Readonly<Record<'pro' | 'lite' | 'flash', number>> = { pro: 128, lite: 512, flash: 0 }
const HIGHEST_PRO_BUDGET = 32_768
/** The model itself decides how long it thinks. */
const DYNAMIC = -1

/**
 * `thinkingConfig` for what the client asked: a budget for Gemini 2.5, a level for Gemini 3, nothing for models that do
 * not think or when nothing was asked. Thoughts are shown when reasoning was asked for and not switched off.
 */
export function thinkingConfig(
  reasoning: ReasoningRequest | undefined,
  model: string,
  conversions: Conversion[],
): JsonObject | undefined {
  if (reasoning === undefined) return undefined
  switch (geminiGeneration(model)) {
    case '1':
      if (isOff(reasoning)) return undefined
      conversions.push(ignored('reasoning', `is nothing that ${model} can do`))
      return undefined
    case '2.5':
      return budgetConfig(reasoning, model, conversions)
    case '3':
    default:
      return levelConfig(reasoning, model, conversions)
  }
}

function isOff({ effort, enabled, budgetTokens }: ReasoningRequest): boolean {
  return enabled === false || effort === 'none' || (effort === undefined && budgetTokens === 0)
}

function budgetConfig(reasoning: ReasoningRequest, model: string, conversions: Conversion[]): JsonObject {
  const kind = model.includes('pro') ? 'pro' : model.includes('lite') ? 'lite' : 'flash'
  if (isOff(reasoning)) return offBudget(kind, conversions)
  const { budgetTokens, effort, enabled } = reasoning
  const fromEffort = effort === undefined ? undefined : (entryOf(BUDGETS, effort) ?? HIGHEST_BUDGET)
  const wanted = budgetTokens ?? fromEffort ?? (enabled === true ? DYNAMIC : undefined)
  if (wanted === undefined || wanted < 0) return { includeThoughts: true, thinkingBudget: DYNAMIC }
  const highest = kind === 'pro' ? HIGHEST_PRO_BUDGET : HIGHEST_BUDGET
  const thinkingBudget = Math.min(Math.max(wanted, SMALLEST[kind]), highest)
  if (thinkingBudget !== wanted) {
    conversions.push(changed('reasoning', `is ${wanted} tokens, and this model takes ${SMALLEST[kind]} to ${highest}`))
  }
  return { includeThoughts: true, thinkingBudget }
}

function offBudget(kind: 'pro' | 'lite' | 'flash', conversions: Conversion[]): JsonObject {
  if (kind !== 'pro') return { includeThoughts: false, thinkingBudget: 0 }
  conversions.push(changed('reasoning', 'cannot be switched off for this model: it thinks as little as it can'))
  return { includeThoughts: false, thinkingBudget: SMALLEST.pro }
}

function levelConfig(reasoning: ReasoningRequest, model: string, conversions: Conversion[]): JsonObject {
  const isPro = model.includes('pro')
  const least = isPro ? 'low' : 'minimal'
  if (isOff(reasoning)) {
    conversions.push(changed('reasoning', 'cannot be switched off for this model: it thinks as little as it can'))
    return { includeThoughts: false, thinkingLevel: least }
  }
  const { effort, budgetTokens } = reasoning
  const wanted = effort ?? levelOf(budgetTokens)
  if (wanted === undefined) return { includeThoughts: true }
  if (effort === undefined) conversions.push(changed('reasoning', 'is given in tokens, and this model takes a level'))
  return { includeThoughts: true, thinkingLevel: levelFor(wanted, model, least) }
}

/** The first Gemini 3 Pro knows two levels only, other Pro models no `minimal`; what is beyond `high` is `high`. */
function levelFor(effort: string, model: string, least: string): string {
  if (effort === 'minimal') return least
  if (effort === 'medium') return /gemini-3-pro/.test(model) ? 'high' : 'medium'
  return effort === 'low' ? 'low' : 'high'
}

/** A budget in tokens as a level, at LiteLLM's borders; undefined where the model shall decide. */
function levelOf(budgetTokens: number | undefined): string | undefined {
  if (budgetTokens === undefined || budgetTokens < 0) return undefined
  if (budgetTokens >= 4_096) return 'high'
  return budgetTokens >= 2_048 ? 'medium' : 'low'
}
