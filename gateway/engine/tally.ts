import type { ReplyFacts } from '../contract/dialect.ts'
import type { Price } from '../contract/route.ts'
import type { FinishReason, Usage, UsageEvent } from '../contract/stream-event.ts'

/** What one attempt has brought so far. */
export interface Tally {
  usage: Usage | undefined
  /** The upstream told none; it was counted from the texts. */
  usageEstimated: boolean
  finish: FinishReason | undefined
}

export function newTally(): Tally {
  return { usage: undefined, usageEstimated: false, finish: undefined }
}

/** Takes over what an answer says it has used; cumulative, so the last word holds. */
export function noteUsage(tally: Tally, { usage, estimated }: UsageEvent): void {
  tally.usage = usage
  tally.usageEstimated = estimated === true
}

/** Takes over what a verbatim reply said about itself. */
export function noteFacts(tally: Tally, facts: ReplyFacts): void {
  if (facts.usage !== undefined) tally.usage = facts.usage
  if (facts.finish !== undefined) tally.finish = facts.finish
}

/** US dollars; undefined where the price or the usage is not known. */
export function costOf(usage: Usage | undefined, price: Price | undefined): number | undefined {
  if (usage === undefined || price === undefined) return undefined
  return usage.input * price.inputUsdPerToken + usage.output * price.outputUsdPerToken
}
