import type { JsonValue } from '../contract/json.ts'
import { entryOf } from '../kit/json-fields.ts'
import type { FinishReason } from '../contract/stream-event.ts'

/** Every upstream's word for why it stopped, in lower case, and OpenAI's word for it. */
const REASONS: Readonly<Record<string, FinishReason | 'failed'>> = {
  stop: 'stop',
  eos: 'stop',
  eos_token: 'stop',
  end_turn: 'stop',
  stop_sequence: 'stop',
  complete: 'stop',
  length: 'length',
  max_tokens: 'length',
  max_length: 'length',
  error_limit: 'length',
  model_length: 'length',
  max_output_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_calls: 'tool_calls',
  tool_call: 'tool_calls',
  tool_use: 'tool_calls',
  function_call: 'function_call',
  content_filter: 'content_filter',
  content_filtered: 'content_filter',
  guardrail_intervened: 'content_filter',
  safety: 'content_filter',
  prohibited_content: 'content_filter',
  blocklist: 'content_filter',
  spii: 'content_filter',
  error_toxic: 'content_filter',
  recitation: 'content_filter',
  refusal: 'content_filter',
  // Z.ai's moderation.
  sensitive: 'content_filter',
  // An answer that the upstream itself gave up on is not complete: Mistral and OpenRouter, vLLM, DeepSeek, Z.ai.
  error: 'failed',
  abort: 'failed',
  insufficient_system_resource: 'failed',
  network_error: 'failed',
}

/** OpenAI's finish reason for an upstream's; `failed` when it means that the answer was abandoned. */
export function finishReason(raw: string, sawToolCalls: boolean): FinishReason | 'failed' {
  const reason = entryOf(REASONS, wordOf(raw)) ?? 'stop'
  // Old vLLM with a named tool, TGI and Ollama say "stop" after a tool call; clients only look at this word.
  return reason === 'stop' && sawToolCalls ? 'tool_calls' : reason
}

/** Google's OpenAI endpoint writes `content_filter: PROHIBITED_CONTENT`. */
function wordOf(raw: string): string {
  return raw.replace(/:.*$/s, '').toLowerCase()
}

/**
 * The reason for which a choice ended, from its `finish_reason`; undefined while it goes on (null, absent, and the empty
 * string that some servers send in every chunk).
 */
export function readFinish(value: JsonValue | undefined): FinishReason | 'failed' | undefined {
  return typeof value === 'string' && value !== '' ? finishReason(value, false) : undefined
}
