import { fieldAt, textAt } from '../../kit/json-fields.ts'
import { listOf, SAID_TOKENS, textIn, type Said, type UpstreamWire } from './upstream-wire.ts'

/** Gemini's generateContent: calls without ids, signatures on the calls. */
export const geminiWire: UpstreamWire = {
  name: 'gemini',
  serves: (path) => /:(?:streamG|g)enerateContent(?:\?|$)/.test(path),
  hear: (body, path) => ({
    stream: path.includes(':streamGenerateContent'),
    tools: listOf(body['tools'])
      .flatMap((tool) => listOf(tool['functionDeclarations']))
      .map((declared) => textAt(declared, 'name') ?? ''),
    results: listOf(body['contents'])
      .flatMap((content) => listOf(content['parts']))
      .flatMap((part) =>
        part['functionResponse'] === undefined ? [] : [textIn(fieldAt(part['functionResponse'], 'response'))],
      ),
  }),
  say: (said, { stream, id }) =>
    stream
      ? { contentType: 'text/event-stream', pieces: streamed(said, id) }
      : { contentType: 'application/json', pieces: [JSON.stringify(chunk(partsOf(said), { isLast: true, id }))] },
}

function partsOf({ thoughts = [], text, calls = [] }: Said): readonly object[] {
  return [
    ...thoughts.map((thought) => ({ text: thought.text, thought: true })),
    ...(text === undefined ? [] : [{ text }]),
    ...calls.map(({ name, input, signature }) => ({
      functionCall: { name, args: input },
      ...(signature !== undefined && { thoughtSignature: signature }),
    })),
  ]
}

interface Place {
  readonly isLast: boolean
  readonly id: string
}

function chunk(parts: readonly object[], { isLast, id }: Place): object {
  return {
    candidates: [{ content: { role: 'model', parts }, index: 0, ...(isLast && { finishReason: 'STOP' }) }],
    usageMetadata: {
      promptTokenCount: SAID_TOKENS.input,
      candidatesTokenCount: SAID_TOKENS.output,
      totalTokenCount: SAID_TOKENS.input + SAID_TOKENS.output,
    },
    modelVersion: 'gemini-said',
    responseId: id,
  }
}

function streamed(said: Said, id: string): string[] {
  const made = partsOf(said)
  const parts = made.length === 0 ? [{ text: '' }] : made
  return parts.map(
    (part, index) => `data: ${JSON.stringify(chunk([part], { isLast: index === parts.length - 1, id }))}\r\n\r\n`,
  )
}
