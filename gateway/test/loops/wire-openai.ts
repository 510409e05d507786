import { textAt } from '../../kit/json-fields.ts'
import { halves, listOf, SAID_TOKENS, textIn, type Said, type UpstreamWire } from './upstream-wire.ts'

const COMPLETION = { created: 1_700_000_000, model: 'said' }
const USAGE = {
  prompt_tokens: SAID_TOKENS.input,
  completion_tokens: SAID_TOKENS.output,
  total_tokens: SAID_TOKENS.input + SAID_TOKENS.output,
}

/** OpenAI's chat completions, also where Azure has deployments. Thoughts are `reasoning_content`, as vLLM has them. */
export const openaiWire: UpstreamWire = {
  name: 'openai',
  serves: (path) => path.split('?')[0]?.endsWith('/chat/completions') ?? false,
  hear: (body) => ({
    stream: body['stream'] === true,
    tools: listOf(body['tools']).map((tool) => textAt(tool['function'], 'name') ?? ''),
    results: listOf(body['messages'])
      .filter((message) => message['role'] === 'tool')
      .map((message) => textOfContent(message['content'])),
  }),
  say: (said, { stream, id }) =>
    stream
      ? { contentType: 'text/event-stream', pieces: streamed(said, `chatcmpl-${id}`) }
      : { contentType: 'application/json', pieces: [whole(said, `chatcmpl-${id}`)] },
}

/** A content that is a text, or parts with texts. */
export function textOfContent(content: unknown): string {
  if (typeof content === 'string') return content
  return listOf(content)
    .map((part) => textIn(part['text']))
    .join('')
}

function callsOf({ calls = [] }: Said): object[] {
  return calls.map(({ id, name, input }) => ({
    id,
    type: 'function',
    function: { name, arguments: JSON.stringify(input) },
  }))
}

function finishOf({ calls = [] }: Said): string {
  return calls.length > 0 ? 'tool_calls' : 'stop'
}

function whole(said: Said, id: string): string {
  const calls = callsOf(said)
  const thought = (said.thoughts ?? []).map(({ text }) => text).join('')
  const message = {
    role: 'assistant',
    content: said.text ?? null,
    ...(thought !== '' && { reasoning_content: thought }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
  const choices = [{ index: 0, message, logprobs: null, finish_reason: finishOf(said) }]
  return JSON.stringify({ ...COMPLETION, id, object: 'chat.completion', choices, usage: USAGE })
}

function streamed(said: Said, id: string): string[] {
  const event = (delta: object, rest: object = {}): string =>
    `data: ${JSON.stringify({
      ...COMPLETION,
      id,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason: null }],
      ...rest,
    })}\n\n`
  return [
    event({ role: 'assistant', content: '' }),
    ...(said.thoughts ?? []).map(({ text }) => event({ reasoning_content: text })),
    ...halves(said.text ?? '').map((content) => event({ content })),
    ...(said.calls ?? []).flatMap(({ id: callId, name, input }, index) => [
      event({ tool_calls: [{ index, id: callId, type: 'function', function: { name, arguments: '' } }] }),
      ...halves(JSON.stringify(input)).map((piece) =>
        event({ tool_calls: [{ index, function: { arguments: piece } }] }),
      ),
    ]),
    event({}, { choices: [{ index: 0, delta: {}, finish_reason: finishOf(said) }] }),
    event({}, { choices: [], usage: USAGE }),
    'data: [DONE]\n\n',
  ]
}
