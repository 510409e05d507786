import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import type { Conversion } from '../contract/conversion.ts'
import { limits } from '../contract/limits.ts'
import type { Reader } from '../contract/provider.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { repairToolCalls } from './repair-tool-calls.ts'

const tools = ['get_weather', 'read_file'].map((name) => ({
  name,
  description: undefined,
  parameters: undefined,
  strict: undefined,
}))

interface Answer {
  readonly text: string
  readonly calls: readonly (readonly [name: string, args: unknown])[]
  readonly finish: string | undefined
  readonly repaired: number
}

/** Feeds a text in pieces of these sizes, and sums up what comes out. */
function answer(text: string, { size = 3, expectsJson = false, events = [] as readonly StreamEvent[] } = {}): Answer {
  const repairs: Conversion[] = []
  const pieces = text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? []
  const all: StreamEvent[] = [
    { type: 'start', model: 'm' },
    ...pieces.map((piece): StreamEvent => ({ type: 'text-delta', text: piece })),
    ...events,
    { type: 'end', reason: 'stop' },
  ]
  const reader: Reader = { push: () => all.splice(0, 1), end: () => all }
  const repaired = repairToolCalls(reader, {
    tools,
    expectsJson,
    newId: (index) => `call_${index}`,
    onRepair: (conversion) => repairs.push(conversion),
  })
  const out: StreamEvent[] = []
  for (let left = all.length - 1; left > 0; left--) out.push(...repaired.push(new Uint8Array()))
  out.push(...repaired.end())
  return summary(out, repairs.length)
}

function summary(events: readonly StreamEvent[], repaired: number): Answer {
  let text = ''
  let finish: string | undefined
  const calls: [string, string][] = []
  for (const event of events) {
    if (event.type === 'text-delta') text += event.text
    else if (event.type === 'tool-call-start') calls.push([event.name, ''])
    else if (event.type === 'tool-call-delta') calls[event.index] = [calls[event.index]?.[0] ?? '', event.argumentsJson]
    else if (event.type === 'end') finish = event.reason
  }
  return { text, finish, repaired, calls: calls.map(([name, json]) => [name, JSON.parse(json)]) }
}

const PARIS = [['get_weather', { city: 'Paris' }]]

describe('a tool call that was written as text', () => {
  it.each([
    ['Hermes', '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>'],
    ['Hermes, cut by a stop sequence', '<tool_call>{"name": "get_weather", "arguments": {"city": "Paris"}}'],
    ['Llama 3.1', '<function=get_weather>{"city": "Paris"}</function>'],
    [
      'Qwen 3 Coder',
      '<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>',
    ],
    ['Mistral', '[TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Paris"}}]'],
    ['newer Mistral', '[TOOL_CALLS]get_weather[ARGS]{"city": "Paris"}'],
    ['Llama 3', '<|python_tag|>{"name": "get_weather", "parameters": {"city": "Paris"}}'],
    [
      'DeepSeek',
      '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{"city": "Paris"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    ],
    ['plain JSON', '{"name": "get_weather", "parameters": {"city": "Paris"}}'],
    ['JSON in a fence', '```json\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n```'],
    ['arguments as a string', '{"name": "get_weather", "arguments": "{\\"city\\": \\"Paris\\"}"}'],
    ["OpenAI's shape", '{"type": "function", "function": {"name": "get_weather", "arguments": {"city": "Paris"}}}'],
  ])('becomes a real one: %s', (_form, text) => {
    for (const size of [1, 3, 1_000]) {
      expect(answer(text, { size })).toEqual({ text: '', calls: PARIS, finish: 'tool_calls', repaired: 1 })
    }
  })

  it('keeps the text before it, and its order with others', () => {
    const two =
      'Let me look.\n<tool_call>{"name":"get_weather","arguments":{"city":"Paris"}}</tool_call>\n<tool_call>{"name":"read_file","arguments":{"path":"a"}}</tool_call>'
    const calls = [...PARIS, ['read_file', { path: 'a' }]]
    expect(answer(two)).toEqual({ text: 'Let me look.\n', calls, finish: 'tool_calls', repaired: 2 })
  })
})

describe('what is no call stays as it was', () => {
  it.each([
    ['a tool that the client does not have', '<tool_call>{"name":"rm_rf","arguments":{}}</tool_call>'],
    ['a half call', '<tool_call>{"name":"get_weather","argum'],
    ['talk of the mark', 'Write <tool_call> and then JSON.'],
    ['JSON that is an answer', '{"city": "Paris", "degrees": 21}'],
    ['JSON that only begins like one', '{"name": "Paris", "degrees": 21}'],
    ['less-than signs', 'a < b, c <= d and e <tool'],
    ['a fence of code', '```python\nprint(1)\n```'],
    ['nothing', ''],
  ])('%s', (_what, text) => {
    for (const size of [1, 4, 1_000]) {
      expect(answer(text, { size })).toEqual({ text, calls: [], finish: 'stop', repaired: 0 })
    }
  })

  it('JSON where the client asked for JSON', () => {
    const text = '{"name": "get_weather", "parameters": {"city": "Paris"}}'
    expect(answer(text, { expectsJson: true })).toEqual({ text, calls: [], finish: 'stop', repaired: 0 })
  })

  it('an answer that also has a real call', () => {
    const text = '<tool_call>{"name":"get_weather","arguments":{}}</tool_call>'
    const real: StreamEvent[] = [
      { type: 'tool-call-start', index: 0, id: 'c', name: 'read_file' },
      { type: 'tool-call-delta', index: 0, argumentsJson: '{}' },
    ]
    expect(answer(text, { events: real })).toMatchObject({ text, calls: [['read_file', {}]], repaired: 0 })
  })

  it('more than may be held', () => {
    const text = `<tool_call>${'x'.repeat(limits.heldToolCallChars)}`
    expect(answer(text, { size: 1_000 })).toMatchObject({ text, calls: [], repaired: 0 })
  })

  it('any text, in any pieces', () => {
    const word = fc.constantFrom('<', '[TOOL', '<tool_', 'call>', '{"name"', ': "x"', '```', '\n', ' ', 'é', '😀', '}')
    fc.assert(
      fc.property(fc.array(word), fc.integer({ min: 1, max: 9 }), (words, size) => {
        const text = words.join('')
        expect(answer(text, { size }).text).toBe(text)
      }),
    )
  })
})
