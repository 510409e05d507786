import type { JsonObject } from '../contract/json.ts'
import { CALL, THOUGHT, type Script } from './fault-client.ts'
import { TEXT } from './healthy-reply.ts'
import { halves, type Said } from './loops/upstream-wire.ts'

/** The scripts in the words of the scripted wires. */
export function saidBy(script: Script): Said {
  if (script === 'call') return { calls: [{ id: 'call_said_1', ...CALL }] }
  return { text: TEXT, ...(script === 'thought' && { thoughts: [{ text: THOUGHT, signature: 'c2lnbmVk' }] }) }
}

/** One server-sent event with a name. */
export function named(type: string, data: JsonObject): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
}

/** Gemini's stream: text in halves, a call whole, the finish in an event of its own. */
export function geminiPieces(script: Script): string[] {
  const { thoughts = [], text = '', calls = [] } = saidBy(script)
  const parts: JsonObject[] = [
    ...thoughts.flatMap((thought) => halves(thought.text)).map((half) => ({ text: half, thought: true })),
    ...halves(text).map((half) => ({ text: half })),
    ...calls.map(({ name, input }) => ({ functionCall: { name, args: input } })),
  ]
  const usageMetadata = { promptTokenCount: 21, candidatesTokenCount: 9, totalTokenCount: 30 }
  const event = (part: JsonObject, rest: JsonObject): string => {
    const candidates = [{ content: { role: 'model', parts: [part] }, index: 0, ...rest }]
    return `data: ${JSON.stringify({ candidates, usageMetadata, modelVersion: 'gemini-said', responseId: 'said' })}\r\n\r\n`
  }
  return [...parts.map((part) => event(part, {})), event({ text: '' }, { finishReason: 'STOP' })]
}

/** Cohere's v2 chat, streamed. */
export function coherePieces(script: Script): string[] {
  const { thoughts = [], text = '', calls = [] } = saidBy(script)
  const content = (index: number, kind: 'text' | 'thinking', value: string): string[] => [
    named('content-start', { index, delta: { message: { content: { type: kind, [kind]: '' } } } }),
    ...halves(value).map((half) =>
      named('content-delta', { index, delta: { message: { content: { [kind]: half } } } }),
    ),
    named('content-end', { index }),
  ]
  const finish = calls.length > 0 ? 'TOOL_CALL' : 'COMPLETE'
  return [
    named('message-start', { id: 'said', delta: { message: { role: 'assistant', content: [], tool_calls: [] } } }),
    ...thoughts.flatMap((thought) => content(0, 'thinking', thought.text)),
    ...(text === '' ? [] : content(thoughts.length, 'text', text)),
    ...calls.flatMap(({ id, name, input }, index) => {
      const call = (value: JsonObject): JsonObject => ({ index, delta: { message: { tool_calls: value } } })
      return [
        named('tool-call-start', call({ id, type: 'function', function: { name, arguments: '' } })),
        ...halves(JSON.stringify(input)).map((half) =>
          named('tool-call-delta', call({ function: { arguments: half } })),
        ),
        named('tool-call-end', { index }),
      ]
    }),
    named('message-end', { delta: { finish_reason: finish, usage: COHERE_USAGE } }),
  ]
}

const COHERE_USAGE = { tokens: { input_tokens: 21, output_tokens: 9 } }

/** Cohere's v2 chat, whole. */
export function cohereWhole(script: Script): string {
  const { thoughts = [], text = '', calls = [] } = saidBy(script)
  const content = [
    ...thoughts.map((thought) => ({ type: 'thinking', thinking: thought.text })),
    ...(text === '' ? [] : [{ type: 'text', text }]),
  ]
  const toolCalls = calls.map(({ id, name, input }) => ({
    id,
    type: 'function',
    function: { name, arguments: JSON.stringify(input) },
  }))
  return JSON.stringify({
    id: 'said',
    finish_reason: calls.length > 0 ? 'TOOL_CALL' : 'COMPLETE',
    message: { role: 'assistant', content, tool_calls: toolCalls },
    usage: COHERE_USAGE,
  })
}

/** A whole response, and its beginning. */
export function responseOf(script: Script, status: 'in_progress' | 'completed'): JsonObject {
  const isOver = status === 'completed'
  return {
    id: 'resp_said',
    object: 'response',
    created_at: 1_700_000_000,
    status,
    error: null,
    incomplete_details: null,
    model: 'said',
    output: isOver ? itemsOf(script) : [],
    parallel_tool_calls: true,
    tool_choice: 'auto',
    tools: [],
    usage: isOver ? { input_tokens: 21, output_tokens: 9, total_tokens: 30 } : null,
  }
}

function itemsOf(script: Script): JsonObject[] {
  const { thoughts = [], text, calls = [] } = saidBy(script)
  const message = { id: 'msg_said', type: 'message', role: 'assistant', status: 'completed' }
  return [
    ...thoughts.map((thought) => ({
      id: 'rs_said',
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: thought.text }],
    })),
    ...(text === undefined ? [] : [{ ...message, content: [{ type: 'output_text', text, annotations: [] }] }]),
    ...calls.map(({ id, name, input }) => ({
      id: 'fc_said',
      type: 'function_call',
      call_id: id,
      name,
      arguments: JSON.stringify(input),
      status: 'completed',
    })),
  ]
}

/** OpenAI's Responses, streamed. */
export function responsesPieces(script: Script): string[] {
  const events: [string, JsonObject][] = [
    ['response.created', { response: responseOf(script, 'in_progress') }],
    ['response.in_progress', { response: responseOf(script, 'in_progress') }],
    ...itemsOf(script).flatMap((item, index) => itemEvents(script, item, index)),
    ['response.completed', { response: responseOf(script, 'completed') }],
  ]
  return events.map(([type, data], at) => named(type, { ...data, sequence_number: at }))
}

function itemEvents(script: Script, item: JsonObject, index: number): [string, JsonObject][] {
  const { text = '', calls = [] } = saidBy(script)
  const at = { output_index: index, item_id: item['id'] ?? null }
  const opened = (rest: JsonObject): [string, JsonObject] => [
    'response.output_item.added',
    { output_index: index, item: { ...item, ...rest } },
  ]
  const done: [string, JsonObject] = ['response.output_item.done', { output_index: index, item }]
  if (item['type'] === 'reasoning') {
    const place = { ...at, summary_index: 0 }
    return [
      opened({ summary: [] }),
      ['response.reasoning_summary_part.added', { ...place, part: { type: 'summary_text', text: '' } }],
      ...pieces('response.reasoning_summary_text.delta', place, THOUGHT),
      ['response.reasoning_summary_text.done', { ...place, text: THOUGHT }],
      ['response.reasoning_summary_part.done', { ...place, part: { type: 'summary_text', text: THOUGHT } }],
      done,
    ]
  }
  if (item['type'] === 'message') {
    const place = { ...at, content_index: 0 }
    return [
      opened({ content: [], status: 'in_progress' }),
      ['response.content_part.added', { ...place, part: { type: 'output_text', text: '', annotations: [] } }],
      ...pieces('response.output_text.delta', place, text),
      ['response.output_text.done', { ...place, text, logprobs: [] }],
      ['response.content_part.done', { ...place, part: { type: 'output_text', text, annotations: [] } }],
      done,
    ]
  }
  const input = JSON.stringify(calls[0]?.input)
  return [
    opened({ arguments: '', status: 'in_progress' }),
    ...pieces('response.function_call_arguments.delta', at, input),
    ['response.function_call_arguments.done', { ...at, arguments: input }],
    done,
  ]
}

function pieces(type: string, place: JsonObject, value: string): [string, JsonObject][] {
  return halves(value).map((delta): [string, JsonObject] => [type, { ...place, delta }])
}
