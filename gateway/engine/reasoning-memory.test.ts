import { describe, expect, it } from 'vitest'
import type { AssistantMessage, ChatRequest } from '../contract/chat.ts'
import { limits } from '../contract/limits.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { createReasoningMemory, type ReasoningMemory } from './reasoning-memory.ts'

const END: StreamEvent = { type: 'end', reason: 'tool_calls' }
const THOUGHT: readonly StreamEvent[] = [
  { type: 'start', model: 'm' },
  { type: 'reasoning-delta', text: 'Let me ' },
  { type: 'reasoning-delta', text: 'think.' },
  { type: 'reasoning-delta', text: '', signature: 'sig+/=', maker: 'anthropic' },
  { type: 'reasoning-delta', text: '', redacted: 'secret', maker: 'anthropic' },
  { type: 'tool-call-start', index: 0, id: 'call-1', name: 'f', signature: 'call-sig', maker: 'google' },
  { type: 'tool-call-delta', index: 0, argumentsJson: '{}' },
  { type: 'tool-call-start', index: 1, id: 'call-2', name: 'g' },
  { type: 'end', reason: 'tool_calls' },
]

function answered(memory: ReasoningMemory, events: readonly StreamEvent[], appId = 'app'): void {
  const reader = memory.watch({ push: () => events, end: () => [] }, appId)
  reader.push(new Uint8Array())
  reader.end()
}

/** The next turn of a client that has kept nothing but ids, names and arguments. */
function nextTurn(ids: readonly string[], message: Partial<AssistantMessage> = {}): ChatRequest {
  const assistant: AssistantMessage = {
    role: 'assistant',
    content: [],
    reasoning: [],
    toolCalls: ids.map((id) => ({ id, name: 'f', argumentsJson: '{}' })),
    refusal: undefined,
    name: undefined,
    extra: {},
    ...message,
  }
  return {
    model: 'm',
    messages: [assistant],
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

function recalled(memory: ReasoningMemory, request: ChatRequest, appId = 'app'): AssistantMessage {
  const message = memory.recall(request, appId).messages[0]
  if (message?.role !== 'assistant') throw new Error('The message is gone.')
  return message
}

describe('thoughts that a client has lost', () => {
  it('come back byte for byte with the calls that they led to', () => {
    const memory = createReasoningMemory()
    answered(memory, THOUGHT)
    const message = recalled(memory, nextTurn(['call-1', 'call-2']))
    expect(message.reasoning).toEqual([
      { text: 'Let me think.', signature: 'sig+/=', maker: 'anthropic' },
      { text: '', redacted: 'secret', maker: 'anthropic' },
    ])
    expect(message.toolCalls.map(({ signature, maker }) => [signature, maker])).toEqual([
      ['call-sig', 'google'],
      [undefined, undefined],
    ])
  })

  it('leave a request that lacks nothing as it is', () => {
    const memory = createReasoningMemory()
    answered(memory, THOUGHT)
    for (const request of [nextTurn(['call-3']), memory.recall(nextTurn(['call-1']), 'app')]) {
      expect(memory.recall(request, 'app')).toBe(request)
    }
  })

  it('take the place of the plain text that a client kept of them, but not of signed ones', () => {
    const memory = createReasoningMemory()
    answered(memory, THOUGHT)
    const plain = recalled(memory, nextTurn(['call-1'], { reasoning: [{ text: 'Let me think.' }] }))
    expect(plain.reasoning[0]?.signature).toBe('sig+/=')
    const signed = recalled(memory, nextTurn(['call-1'], { reasoning: [{ text: 'Other.', signature: 'own' }] }))
    expect(signed.reasoning).toEqual([{ text: 'Other.', signature: 'own' }])
  })

  it('are for the app that was told them', () => {
    const memory = createReasoningMemory()
    answered(memory, THOUGHT, 'mine')
    expect(recalled(memory, nextTurn(['call-1']), 'yours').reasoning).toEqual([])
    answered(memory, [...THOUGHT.slice(0, 4), { type: 'tool-call-start', index: 0, id: 'b c', name: 'f' }, END], 'a')
    expect(recalled(memory, nextTurn(['c']), 'a b').reasoning).toEqual([])
    expect(recalled(memory, nextTurn(['b c']), 'a').reasoning[0]?.signature).toBe('sig+/=')
  })

  it('are not kept with a call whose signature is endless', () => {
    const memory = createReasoningMemory()
    const signature = 'x'.repeat(limits.rememberedReasoningChars + 1)
    answered(memory, [{ type: 'tool-call-start', index: 0, id: 'call-1', name: 'f', signature, maker: 'google' }, END])
    expect(recalled(memory, nextTurn(['call-1'])).toolCalls[0]?.signature).toBeUndefined()
  })

  it('are not kept of an answer that never ended, nor without limit', () => {
    const memory = createReasoningMemory()
    answered(memory, THOUGHT.slice(0, -1))
    const long = 'x'.repeat(limits.rememberedReasoningChars + 1)
    answered(memory, [
      { type: 'reasoning-delta', text: long, signature: 's' },
      { type: 'tool-call-start', index: 0, id: 'call-9', name: 'f' },
      { type: 'end', reason: 'tool_calls' },
    ])
    const request = nextTurn(['call-1', 'call-9'])
    expect(recalled(memory, request).reasoning).toEqual([])
  })

  it('go when there are too many', () => {
    const memory = createReasoningMemory()
    answered(memory, THOUGHT)
    for (let turn = 0; turn < limits.rememberedToolCalls; turn++) {
      answered(memory, [
        { type: 'reasoning-delta', text: 't', signature: 's' },
        { type: 'tool-call-start', index: 0, id: `later-${turn}`, name: 'f' },
        { type: 'end', reason: 'tool_calls' },
      ])
    }
    expect(recalled(memory, nextTurn(['call-1'])).reasoning).toEqual([])
    expect(recalled(memory, nextTurn(['later-5'])).reasoning).toHaveLength(1)
  })
})
