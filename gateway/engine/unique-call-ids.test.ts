import { expect, it } from 'vitest'
import type { AssistantMessage, ChatRequest } from '../contract/chat.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { withUniqueCallIds } from './unique-call-ids.ts'

function calling(...ids: readonly string[]): AssistantMessage {
  const toolCalls = ids.map((id) => ({ id, name: 'f', argumentsJson: '{}' }))
  return { role: 'assistant', content: [], reasoning: [], toolCalls, refusal: undefined, name: undefined, extra: {} }
}

function asking(...messages: readonly AssistantMessage[]): ChatRequest {
  return {
    model: 'm',
    messages,
    tools: [],
    toolChoice: undefined,
    parallelToolCalls: undefined,
    sampling: {},
    format: undefined,
    reasoning: undefined,
    user: undefined,
    prefill: undefined,
    extra: {},
  }
}

function idsOf(request: ChatRequest, ids: readonly string[]): readonly string[] {
  const events = ids.map((id, index): StreamEvent => ({ type: 'tool-call-start', index, id, name: 'f' }))
  const reader = withUniqueCallIds({ push: () => events, end: () => [] }, request)
  return reader.push(new Uint8Array()).flatMap((event) => (event.type === 'tool-call-start' ? [event.id] : []))
}

it.each([
  ['ids that are new stay', [calling('a')], ['b', 'c'], ['b', 'c']],
  ['an id that was there is changed', [calling('0')], ['0', '1'], ['0_2', '1']],
  ['and again on the next turn', [calling('0'), calling('0_2')], ['0'], ['0_3']],
  ['two of the same in one answer', [calling('0')], ['0', '0'], ['0_2', '0_3']],
  ['the first answer keeps what it has', [], ['0', '0'], ['0', '0']],
])('%s', (_what, history, given, expected) => {
  expect(idsOf(asking(...history), given)).toEqual(expected)
})
