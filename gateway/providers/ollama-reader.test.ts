import { describe, expect, it } from 'vitest'
import type { ChatRequest, Message } from '../contract/chat.ts'
import { ollama } from './ollama.ts'
import { answerOf, readReply, replyHead } from './test/read-reply.ts'
import { testTarget } from './test/test-target.ts'

const ASKED: Message = { role: 'user', content: [{ type: 'text', text: 'Look again.' }], name: undefined }
const ANSWERED: Message = {
  role: 'assistant',
  content: [],
  reasoning: [],
  toolCalls: [],
  refusal: undefined,
  name: undefined,
  extra: {},
}
const REPLY = Buffer.from(
  `${JSON.stringify({
    model: 'llama3',
    created_at: '2026-01-01T00:00:00Z',
    message: { role: 'assistant', content: '', tool_calls: [{ function: { name: 'look', arguments: {} } }] },
    done: true,
  })}\n`,
)

function idAfter(messages: readonly Message[]): string | undefined {
  const chat: ChatRequest = {
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
  const reader = ollama.chat?.reader(replyHead(200, 'application/x-ndjson'), chat, testTarget(ollama))
  return reader === undefined ? undefined : answerOf(readReply(reader, REPLY, REPLY.length)).tools[0]?.id
}

describe('ids of calls that Ollama gave none', () => {
  it('differ from turn to turn, also where a server writes no fractions of a second, and are the same for the same turn', () => {
    const turns = [[ASKED], [ASKED, ANSWERED, ASKED], [ASKED, ANSWERED, ASKED, ANSWERED, ASKED]].map(idAfter)
    expect(new Set(turns).size).toBe(turns.length)
    expect(idAfter([ASKED, ANSWERED, ASKED])).toBe(turns[1])
  })
})
