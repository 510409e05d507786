import type { FinishReason } from '../contract/stream-event.ts'

/** Google's filters, of the answer and of the prompt (`blockReason`). */
const FILTERED: ReadonlySet<string> = new Set([
  'SAFETY',
  'RECITATION',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'MODEL_ARMOR',
  'JAILBREAK',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_RECITATION',
])
/** The model went wrong, and what it made of the answer was thrown away or is incomplete. */
const WENT_WRONG: ReadonlySet<string> = new Set([
  'MALFORMED_FUNCTION_CALL',
  'MALFORMED_RESPONSE',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MISSING_THOUGHT_SIGNATURE',
  'LANGUAGE',
  'OTHER',
  'IMAGE_OTHER',
  'NO_IMAGE',
])

/** Why an answer ended, as far as it decides about it. */
export interface Finish {
  readonly reason: FinishReason
  /** Nothing of use may have come: then it is a failure. */
  readonly wentWrong: boolean
}

/** What a `finishReason` means. Google says STOP after a call, too; a filter or a full window comes before that. */
export function geminiFinish(raw: string, sawCalls: boolean): Finish {
  if (FILTERED.has(raw)) return { reason: 'content_filter', wentWrong: false }
  if (raw === 'MAX_TOKENS') return { reason: 'length', wentWrong: false }
  return { reason: sawCalls ? 'tool_calls' : 'stop', wentWrong: WENT_WRONG.has(raw) }
}
