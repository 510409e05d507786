import type { JsonValue } from '../contract/json.ts'
import type { FinishReason } from '../contract/stream-event.ts'

/** Words that OpenAI-alikes use besides OpenAI's own (text-generation-inference, Mistral, gateways). */
const WORDS: ReadonlyMap<string, FinishReason> = new Map([
  ['stop', 'stop'],
  ['length', 'length'],
  ['tool_calls', 'tool_calls'],
  ['content_filter', 'content_filter'],
  ['function_call', 'function_call'],
  ['max_tokens', 'length'],
  ['model_length', 'length'],
  ['tool_use', 'tool_calls'],
])

/**
 * The reason for which an answer ended; undefined while it goes on (null, absent, and the empty string that some
 * servers send in every chunk). An unknown word is an ending all the same.
 */
export function readFinish(value: JsonValue | undefined): FinishReason | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  return WORDS.get(value) ?? 'stop'
}
