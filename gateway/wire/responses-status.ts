import type { JsonObject } from '../contract/json.ts'
import type { FinishReason } from '../contract/stream-event.ts'

/** How the Responses API says that an answer is over. */
export interface ResponsesStatus {
  readonly status: 'completed' | 'incomplete'
  /** Why it is not complete; null for an answer that is. */
  readonly incomplete_details: { readonly reason: 'max_output_tokens' | 'content_filter' } | null
}

const COMPLETED: ResponsesStatus = { status: 'completed', incomplete_details: null }

/** A finish reason in the words of a response. */
export function statusOf(finish: FinishReason): ResponsesStatus {
  if (finish === 'length') return { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
  if (finish === 'content_filter') return { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }
  return COMPLETED
}

/**
 * The finish reason of a response: its `status` and `incomplete_details.reason`, and whether it asks for tools that the
 * client runs. `failed` when the answer was given up; undefined while it goes on (`queued`, `in_progress`, absent).
 */
export function finishOf(
  status: string | undefined,
  incompleteReason: string | undefined,
  sawToolCalls: boolean,
): FinishReason | 'failed' | undefined {
  if (status === 'completed') return sawToolCalls ? 'tool_calls' : 'stop'
  if (status === 'incomplete') return incompleteReason === 'content_filter' ? 'content_filter' : 'length'
  return status === 'failed' || status === 'cancelled' ? 'failed' : undefined
}

/** Items that wait for the client to run something and send its result back. */
const CALLS: ReadonlySet<unknown> = new Set([
  'function_call',
  'custom_tool_call',
  'local_shell_call',
  'shell_call',
  'apply_patch_call',
  'computer_call',
])

/** Whether an output item asks for a tool that the client runs; hosted tools (`web_search_call`) do not. */
export function isClientCall(item: JsonObject): boolean {
  return CALLS.has(item['type'])
}
