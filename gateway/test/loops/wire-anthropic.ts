import type { JsonObject } from '../../contract/json.ts'
import { textAt } from '../../kit/json-fields.ts'
import { halves, listOf, SAID_TOKENS, type Said, type UpstreamWire } from './upstream-wire.ts'
import { textOfContent } from './wire-openai.ts'

/** Anthropic's Messages. */
export const anthropicWire: UpstreamWire = {
  name: 'anthropic',
  serves: (path) => path.split('?')[0]?.endsWith('/messages') ?? false,
  hear: (body) => ({
    stream: body['stream'] === true,
    tools: listOf(body['tools']).map((tool) => textAt(tool, 'name') ?? ''),
    results: listOf(body['messages'])
      .flatMap(({ content }) => listOf(content))
      .filter((block) => block['type'] === 'tool_result')
      .map((block) => textOfContent(block['content'])),
  }),
  say: (said, { stream, id }) =>
    stream
      ? { contentType: 'text/event-stream', pieces: streamed(said, `msg_${id}`) }
      : { contentType: 'application/json', pieces: [JSON.stringify(message(said, `msg_${id}`))] },
}

interface Block {
  /** As it stands in a whole message. */
  readonly whole: JsonObject
  /** As it begins in a stream, and what is added to it. */
  readonly start: JsonObject
  readonly deltas: readonly JsonObject[]
}

function blocksOf({ thoughts = [], text, calls = [] }: Said): readonly Block[] {
  return [
    ...thoughts.map(({ text: thinking, signature = '', redacted }): Block => {
      if (redacted !== undefined) {
        const whole = { type: 'redacted_thinking', data: redacted }
        return { whole, start: whole, deltas: [] }
      }
      return {
        whole: { type: 'thinking', thinking, signature },
        start: { type: 'thinking', thinking: '', signature: '' },
        deltas: [
          ...halves(thinking).map((half) => ({ type: 'thinking_delta', thinking: half })),
          { type: 'signature_delta', signature },
        ],
      }
    }),
    ...(text === undefined ? [] : [textBlock(text)]),
    ...calls.map(({ id, name, input }): Block => ({
      whole: { type: 'tool_use', id, name, input },
      start: { type: 'tool_use', id, name, input: {} },
      deltas: halves(JSON.stringify(input)).map((half) => ({ type: 'input_json_delta', partial_json: half })),
    })),
  ]
}

function textBlock(text: string): Block {
  return {
    whole: { type: 'text', text },
    start: { type: 'text', text: '' },
    deltas: halves(text).map((half) => ({ type: 'text_delta', text: half })),
  }
}

function message(said: Said, id: string): JsonObject {
  return {
    id,
    type: 'message',
    role: 'assistant',
    model: 'claude-said',
    content: blocksOf(said).map(({ whole }) => whole),
    stop_reason: stopOf(said),
    stop_sequence: null,
    usage: { input_tokens: SAID_TOKENS.input, output_tokens: SAID_TOKENS.output },
  }
}

function stopOf({ calls = [] }: Said): string {
  return calls.length > 0 ? 'tool_use' : 'end_turn'
}

function streamed(said: Said, id: string): string[] {
  const event = (type: string, rest: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
  const begun = {
    ...message({}, id),
    stop_reason: null,
    usage: { input_tokens: SAID_TOKENS.input, output_tokens: 1 },
  }
  return [
    event('message_start', { message: begun }),
    event('ping', {}),
    ...blocksOf(said).flatMap(({ start, deltas }, index) => [
      event('content_block_start', { index, content_block: start }),
      ...deltas.map((delta) => event('content_block_delta', { index, delta })),
      event('content_block_stop', { index }),
    ]),
    event('message_delta', {
      delta: { stop_reason: stopOf(said), stop_sequence: null },
      usage: { output_tokens: SAID_TOKENS.output },
    }),
    event('message_stop', {}),
  ]
}
