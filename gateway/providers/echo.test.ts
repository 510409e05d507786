import { describe, expect, it } from 'vitest'
import type { ChatRequest, Message, Tool } from '../contract/chat.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { echo } from './echo.ts'
import { grammarBreach } from './test/grammar.ts'
import { answerOf } from './test/read-reply.ts'

const user: Message = { role: 'user', content: [{ type: 'text', text: 'hello there' }], name: undefined }
const toolResult: Message = {
  role: 'tool',
  toolCallId: 'c',
  content: [{ type: 'text', text: '12 degrees' }],
  name: undefined,
}
const tool: Tool = {
  name: 'weather',
  description: undefined,
  parameters: {
    type: 'object',
    properties: {
      city: { type: 'string' },
      days: { type: 'integer', minimum: 2 },
      unit: { enum: ['c', 'f'] },
      note: { type: 'string' },
    },
    required: ['city', 'days', 'unit'],
  },
  strict: undefined,
}

function ask(changes: Partial<ChatRequest>): ReturnType<typeof answerOf> & { deltas: number } {
  const request: ChatRequest = {
    model: 'spillway/echo',
    messages: [user],
    tools: [],
    toolChoice: undefined,
    parallelToolCalls: undefined,
    sampling: {},
    format: undefined,
    reasoning: undefined,
    user: undefined,
    prefill: undefined,
    extra: {},
    ...changes,
  }
  const events = [...(echo.respond?.(request) ?? [])]
  expect(grammarBreach(events)).toBeUndefined()
  return { ...answerOf(events), deltas: events.filter((event) => event.type === 'text-delta').length }
}

describe('the built-in model', () => {
  it('says what it is and repeats the last message in several pieces', () => {
    const answer = ask({})
    expect(answer.text).toContain('spillway/echo')
    expect(answer.text).toContain('hello there')
    expect(answer.deltas).toBeGreaterThan(3)
    expect(answer.finish).toBe('stop')
    expect(answer.usage?.output).toBeGreaterThan(0)
  })

  it('calls the first tool with arguments that its schema allows', () => {
    const answer = ask({ tools: [tool] })
    expect(answer.finish).toBe('tool_calls')
    expect(answer.tools[0]?.name).toBe('weather')
    expect(JSON.parse(answer.tools[0]?.argumentsJson ?? '')).toEqual({ city: 'example', days: 2, unit: 'c' })
  })

  it('follows the choice of a tool', () => {
    const other = { ...tool, name: 'other', parameters: undefined }
    expect(ask({ tools: [tool, other], toolChoice: { name: 'other' } }).tools[0]).toMatchObject({
      name: 'other',
      argumentsJson: '{}',
    })
    expect(ask({ tools: [tool], toolChoice: 'none' }).tools).toEqual([])
  })

  it('ends a tool loop', () => {
    const answer = ask({ tools: [tool], messages: [user, toolResult] })
    expect(answer.tools).toEqual([])
    expect(answer.text).toContain('12 degrees')
  })

  it('survives a schema that contains itself', () => {
    const properties: Record<string, JsonValue> = {}
    const parameters: JsonObject = { type: 'object', properties }
    properties['next'] = parameters
    expect(ask({ tools: [{ ...tool, parameters }] }).finish).toBe('tool_calls')
  })
})
