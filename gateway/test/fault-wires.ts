import { converseBytes, eventStreamFrame } from '../providers/test/event-stream-bytes.ts'
import { BANANA, EVENTS, events, JSON_TYPE, jsonBody, scripted, SSE_GARBAGE } from './fault-wire-common.ts'
import { coherePieces, cohereWhole, geminiPieces, named, saidBy } from './fault-wire-said.ts'
import { OVERLOADED, type FaultWire } from './fault-wire.ts'
import { azure, chat, responses, vllm } from './fault-wires-openai.ts'
import { anthropicWire } from './loops/wire-anthropic.ts'
import { bedrockWire } from './loops/wire-bedrock.ts'
import { geminiWire } from './loops/wire-gemini.ts'
import { ollamaWire } from './loops/wire-ollama.ts'

const anthropic: FaultWire = {
  name: 'anthropic',
  ...scripted(anthropicWire),
  // Only runners nearby have their calls mended, which no verbatim stream has.
  provider: (origin) => `{ kind: anthropic, base_url: '${origin}', key: k, locality: cloud }`,
  finish: /message_delta/,
  mark: /message_stop/,
  refusal: (status, message) => jsonBody({ type: 'error', error: { type: ANTHROPIC_TYPES[status], message } }),
  errors: [
    {
      name: 'error-event',
      bytes: `event: error\ndata: ${JSON.stringify({ type: 'error', error: { details: null, type: 'overloaded_error', message: OVERLOADED } })}    \n\n`,
      kinds: ['overloaded'],
    },
  ],
  garbage: [...SSE_GARBAGE, 'event: ping\ndata: {"type": "ping"}      \n\n'],
  stranger: BANANA,
  unreadable: 'event: content_block_delta\ndata: {"type": "content_block_delta", "index"\n\n',
}
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  500: 'api_error',
  503: 'api_error',
  529: 'overloaded_error',
}

const ollama: FaultWire = {
  name: 'ollama',
  ...scripted(ollamaWire),
  provider: (origin) => `{ kind: ollama, base_url: '${origin}' }`,
  finish: /"done":true/,
  isOverAtFinish: true,
  refusal: (_status, message) => jsonBody({ error: message }),
  errors: [
    {
      name: 'error-line',
      bytes: '{"error":"an error was encountered while running the model"}\n',
      kinds: ['server-error'],
    },
  ],
  garbage: ['\n', ': keep-alive\n', '[]\n'],
  unreadable: '{"model":"llama3","message":{"role"\n',
}

const GEMINI_ERROR = { error: { code: 503, message: OVERLOADED, status: 'UNAVAILABLE' } }
const gemini: FaultWire = {
  name: 'gemini',
  ...scripted(geminiWire),
  say: (script, stream) =>
    stream
      ? { contentType: EVENTS, pieces: geminiPieces(script) }
      : geminiWire.say(saidBy(script), { stream: false, id: 'said' }),
  provider: (origin) => `{ kind: gemini, base_url: '${origin}', key: k }`,
  finish: /"finishReason"/,
  refusal: (status, message) => jsonBody({ error: { code: status, message, status: 'SOME_STATUS' } }),
  errors: [
    // As it stands, over several lines, in no event.
    { name: 'bare-json', bytes: `${JSON.stringify(GEMINI_ERROR, undefined, 2)}\n`, kinds: ['overloaded'] },
    { name: 'error-data', bytes: `data: ${JSON.stringify(GEMINI_ERROR)}\r\n\r\n`, kinds: ['overloaded'] },
  ],
  garbage: [': ping\r\n\r\n', '\r\n\r\n'],
  stranger: 'event: banana\r\ndata: {"banana":true}\r\n\r\n',
  unreadable: 'data: {"candidates": [{"content"\r\n\r\n',
}

const damaged = Buffer.from(converseBytes([['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'no' } }]]))
damaged.writeUInt8(damaged.readUInt8(damaged.length - 1) ^ 0xff, damaged.length - 1)

const bedrock: FaultWire = {
  name: 'bedrock',
  ...scripted(bedrockWire),
  provider: (origin) => `{ kind: bedrock, key: k, settings: { region: eu-central-1, endpoint: '${origin}' } }`,
  finish: /messageStop/,
  mark: /metadata/,
  refusal: (status, message) => ({
    ...jsonBody({ message }),
    headers: [`x-amzn-errortype: ${BEDROCK_TYPES[status] ?? 'InternalServerException'}:http://internal.amazon.com/`],
  }),
  errors: [
    {
      name: 'exception-frame',
      bytes: converseBytes([['throttlingException', { message: 'Too many requests, please wait.' }]]),
      kinds: ['rate-limited'],
    },
    {
      name: 'model-exception-frame',
      bytes: converseBytes([
        [
          'modelStreamErrorException',
          { message: 'The model fell over.', originalStatusCode: 500, originalMessage: 'oops' },
        ],
      ]),
      kinds: ['server-error'],
    },
    {
      name: 'error-frame',
      bytes: eventStreamFrame({
        headers: {
          ':message-type': 'error',
          ':error-code': 'InternalServerException',
          ':error-message': 'The service fell over on its way.',
        },
        payload: {},
      }),
      kinds: ['server-error'],
    },
    { name: 'corrupt-checksum', bytes: damaged, kinds: ['bad-reply'] },
  ],
  garbage: [],
  stranger: converseBytes([['bananaEvent', { ripe: true }]]),
  unreadable: eventStreamFrame({
    headers: { ':event-type': 'contentBlockDelta', ':content-type': JSON_TYPE, ':message-type': 'event' },
    payload: 'no object',
  }),
}
const BEDROCK_TYPES: Readonly<Record<number, string>> = {
  401: 'UnrecognizedClientException',
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  429: 'ThrottlingException',
  503: 'ServiceUnavailableException',
  529: 'ServiceUnavailableException',
}

const cohere: FaultWire = {
  name: 'cohere',
  ...events(coherePieces, cohereWhole),
  provider: (origin) => `{ kind: cohere, base_url: '${origin}', key: k }`,
  finish: /event: message-end/,
  isOverAtFinish: true,
  refusal: (_status, message) => jsonBody({ id: 'said', message }),
  errors: [
    {
      name: 'finish-error',
      bytes: named('message-end', { delta: { finish_reason: 'ERROR', error: 'The model fell over on its way.' } }),
      kinds: ['server-error'],
    },
    { name: 'message-data', bytes: 'data: {"message":"The model fell over on its way."}\n\n', kinds: ['server-error'] },
  ],
  garbage: SSE_GARBAGE,
  stranger: BANANA,
  unreadable: 'event: content-delta\ndata: {"type":"content-delta", "index"\n\n',
}

/** Every wire that an upstream may speak. */
export const WIRES = { chat, vllm, azure, anthropic, ollama, responses, gemini, bedrock, cohere } as const
