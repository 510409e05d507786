import type { EndEvent, FinishReason } from '../contract/stream-event.ts'
import { finishReason } from './finish-reason.ts'

/** Why a message of Anthropic's ended (`stop_reason`). */
export type AnthropicStopReason =
  | 'end_turn'
  | 'max_tokens'
  | 'stop_sequence'
  | 'tool_use'
  | 'pause_turn'
  | 'refusal'
  | 'model_context_window_exceeded'

const STOP_REASONS: readonly AnthropicStopReason[] = [
  'end_turn',
  'max_tokens',
  'stop_sequence',
  'tool_use',
  'pause_turn',
  'refusal',
  'model_context_window_exceeded',
]

/**
 * OpenAI's word for a `stop_reason`. Compatible servers say `end_turn` after a tool call too, hence the second argument:
 * true when the message has a `tool_use` block. `pause_turn` (a server tool's loop that the client may resume) is `stop`.
 */
export function anthropicFinish(stopReason: string, sawToolUse: boolean): FinishReason {
  const reason = finishReason(stopReason, sawToolUse)
  return reason === 'failed' ? 'stop' : reason
}

/** Anthropic's word for an end; its own word stays as it is, so `pause_turn` survives. */
export function anthropicStopReason(end: Pick<EndEvent, 'reason' | 'rawReason' | 'stopSequence'>): AnthropicStopReason {
  const own = STOP_REASONS.find((reason) => reason === end.rawReason)
  if (own !== undefined && anthropicFinish(own, false) === end.reason) return own
  if (end.reason === 'stop' && end.stopSequence !== undefined) return 'stop_sequence'
  return FROM_FINISH[end.reason]
}

const FROM_FINISH: Readonly<Record<FinishReason, AnthropicStopReason>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  function_call: 'tool_use',
  content_filter: 'refusal',
}
