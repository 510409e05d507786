import type { JsonObject, JsonValue } from '../../contract/json.ts'
import { fieldAt, textAt } from '../../kit/json-fields.ts'
import { converseBytes } from '../../providers/test/event-stream-bytes.ts'
import { halves, listOf, SAID_TOKENS, textIn, type Said, type SaidCall, type UpstreamWire } from './upstream-wire.ts'

type ConverseEvent = readonly [name: string, payload: JsonValue]

/** Bedrock's Converse, streamed in AWS's binary frames. */
export const bedrockWire: UpstreamWire = {
  name: 'bedrock',
  serves: (path) => /\/converse(?:-stream)?$/.test(path),
  hear: (body, path) => ({
    stream: path.endsWith('/converse-stream'),
    tools: listOf(fieldAt(body['toolConfig'], 'tools')).map((tool) => textAt(tool['toolSpec'], 'name') ?? ''),
    results: listOf(body['messages'])
      .flatMap((message) => listOf(message['content']))
      .flatMap((block) => (block['toolResult'] === undefined ? [] : [textIn(fieldAt(block['toolResult'], 'content'))])),
  }),
  say: (said, { stream }) =>
    stream
      ? {
          contentType: 'application/vnd.amazon.eventstream',
          pieces: eventsOf(said).map((event) => converseBytes([event])),
        }
      : { contentType: 'application/json', pieces: [JSON.stringify(whole(said))] },
}

const USAGE = {
  inputTokens: SAID_TOKENS.input,
  outputTokens: SAID_TOKENS.output,
  totalTokens: SAID_TOKENS.input + SAID_TOKENS.output,
}

function stopOf({ calls = [] }: Said): string {
  return calls.length > 0 ? 'tool_use' : 'end_turn'
}

function whole(said: Said): JsonObject {
  const { thoughts = [], text, calls = [] } = said
  const content = [
    ...thoughts.map(({ text: thought, signature = '', redacted }) => ({
      reasoningContent:
        redacted === undefined ? { reasoningText: { text: thought, signature } } : { redactedContent: redacted },
    })),
    ...(text === undefined ? [] : [{ text }]),
    ...calls.map(({ id, name, input }) => ({ toolUse: { toolUseId: id, name, input } })),
  ]
  return {
    output: { message: { role: 'assistant', content } },
    stopReason: stopOf(said),
    usage: USAGE,
    metrics: { latencyMs: 1 },
  }
}

function eventsOf(said: Said): readonly ConverseEvent[] {
  const { thoughts = [], text, calls = [] } = said
  const blocks: readonly ((index: number) => readonly ConverseEvent[])[] = [
    ...thoughts.map(({ text: thought, signature = '', redacted }) => (index: number) => {
      const deltas =
        redacted === undefined
          ? [...halves(thought).map((half) => ({ text: half })), { signature }]
          : [{ redactedContent: redacted }]
      return deltas.map((reasoningContent) => delta(index, { reasoningContent }))
    }),
    ...(text === undefined ? [] : [(index: number) => halves(text).map((half) => delta(index, { text: half }))]),
    ...calls.map((call) => (index: number) => callEvents(index, call)),
  ]
  return [
    ['messageStart', { role: 'assistant' }],
    ...blocks.flatMap((block, index) => [
      ...block(index),
      ['contentBlockStop', { contentBlockIndex: index }] satisfies ConverseEvent,
    ]),
    ['messageStop', { stopReason: stopOf(said) }],
    ['metadata', { usage: USAGE, metrics: { latencyMs: 1 } }],
  ]
}

function delta(index: number, value: JsonObject): ConverseEvent {
  return ['contentBlockDelta', { contentBlockIndex: index, delta: value }]
}

function callEvents(index: number, { id, name, input }: SaidCall): readonly ConverseEvent[] {
  return [
    ['contentBlockStart', { contentBlockIndex: index, start: { toolUse: { toolUseId: id, name } } }],
    ...halves(JSON.stringify(input)).map((half) => delta(index, { toolUse: { input: half } })),
  ]
}
