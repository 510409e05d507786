import { textAt } from '../../kit/json-fields.ts'
import { halves, listOf, SAID_TOKENS, textIn, type Said, type UpstreamWire } from './upstream-wire.ts'

/** Ollama's own chat: lines of JSON, calls without ids. */
export const ollamaWire: UpstreamWire = {
  name: 'ollama',
  serves: (path) => path === '/api/chat',
  hear: (body) => ({
    stream: body['stream'] !== false,
    tools: listOf(body['tools']).map((tool) => textAt(tool['function'], 'name') ?? ''),
    results: listOf(body['messages'])
      .filter((message) => message['role'] === 'tool')
      .map((message) => textIn(message['content'])),
  }),
  say: (said, { stream }) =>
    stream
      ? { contentType: 'application/x-ndjson', pieces: streamed(said) }
      : { contentType: 'application/json', pieces: [whole(said)] },
}

const END = {
  done: true,
  done_reason: 'stop',
  total_duration: 9,
  prompt_eval_count: SAID_TOKENS.input,
  eval_count: SAID_TOKENS.output,
  eval_duration: 5,
}

function line(message: object, rest: object): string {
  const said = { role: 'assistant', content: '', ...message }
  return `${JSON.stringify({ model: 'llama3', created_at: '2026-01-01T00:00:00Z', message: said, ...rest })}\n`
}

function callsOf({ calls = [] }: Said): object[] {
  return calls.map(({ name, input }) => ({ function: { name, arguments: input } }))
}

function whole(said: Said): string {
  const calls = callsOf(said)
  const thinking = (said.thoughts ?? []).map(({ text }) => text).join('')
  return line(
    {
      content: said.text ?? '',
      ...(thinking !== '' && { thinking }),
      ...(calls.length > 0 && { tool_calls: calls }),
    },
    END,
  )
}

function streamed(said: Said): string[] {
  return [
    ...(said.thoughts ?? []).map(({ text }) => line({ thinking: text }, { done: false })),
    ...halves(said.text ?? '').map((content) => line({ content }, { done: false })),
    ...callsOf(said).map((call) => line({ tool_calls: [call] }, { done: false })),
    line({}, END),
  ]
}
