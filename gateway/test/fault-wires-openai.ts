import { ERROR } from './fault-streams.ts'
import { events, jsonBody, scripted, SSE_GARBAGE } from './fault-wire-common.ts'
import { named, responseOf, responsesPieces } from './fault-wire-said.ts'
import type { FaultWire, InBandError } from './fault-wire.ts'
import { openaiWire } from './loops/wire-openai.ts'

const chatErrors: readonly InBandError[] = [
  { name: 'error-data', bytes: `data: ${JSON.stringify(ERROR)}\n\n`, kinds: ['server-error'] },
  // Groq's.
  { name: 'error-event', bytes: `event: error\ndata: ${JSON.stringify(ERROR)}\n\n`, kinds: ['server-error'] },
]

/** OpenAI's chat completions. */
export const chat: FaultWire = {
  name: 'chat',
  ...scripted(openaiWire),
  provider: (origin) => `{ kind: openai_like, base_url: '${origin}/v1', key: k }`,
  finish: /"finish_reason":"/,
  mark: /\[DONE\]/,
  refusal: (status, message) =>
    jsonBody({ error: { message, type: 'some_error', param: null, code: `code_${status}` } }),
  errors: chatErrors,
  garbage: SSE_GARBAGE,
  stranger: 'event: banana\ndata: {"object":"banana","choices":[]}\n\n',
  unreadable: 'data: {"choices": [\n\n',
}

/** The same, as vLLM serves it. */
export const vllm: FaultWire = {
  ...chat,
  name: 'vllm',
  provider: (origin) => `{ kind: vllm, base_url: '${origin}/v1' }`,
}

/** Begins with a filter's verdict on the prompt and no choices. */
export const azure: FaultWire = {
  ...chat,
  name: 'azure',
  provider: (origin) => `{ kind: azure, base_url: '${origin}', key: k, settings: { api_version: 2025-02-01-preview } }`,
  say: (script, stream) => {
    const said = chat.say(script, stream)
    return stream ? { ...said, pieces: [`data: ${JSON.stringify(AZURE_FIRST)}\n\n`, ...said.pieces] } : said
  },
}
const AZURE_FIRST = {
  choices: [],
  created: 0,
  id: '',
  model: '',
  object: '',
  prompt_filter_results: [{ prompt_index: 0, content_filter_results: { hate: { filtered: false, severity: 'safe' } } }],
}

const FAILED = { code: 'server_error', message: 'The model fell over on its way.' }

/** OpenAI's Responses. */
export const responses: FaultWire = {
  name: 'responses',
  ...events(responsesPieces, (script) => JSON.stringify(responseOf(script, 'completed'))),
  provider: (origin) => `{ kind: openai, base_url: '${origin}/v1', key: k, locality: cloud }`,
  model: (name) => `responses/${name}`,
  finish: /event: response\.completed/,
  isOverAtFinish: true,
  refusal: (status, message) =>
    jsonBody({ error: { message, type: 'some_error', param: null, code: `code_${status}` } }),
  errors: [
    {
      name: 'error-then-failed',
      bytes:
        named('error', { error: { type: 'server_error', param: null, ...FAILED }, sequence_number: 90 }) +
        named('response.failed', {
          response: { ...responseOf('text', 'in_progress'), status: 'failed', error: FAILED },
        }),
      kinds: ['server-error'],
    },
    {
      name: 'failed-alone',
      bytes: named('response.failed', {
        response: { ...responseOf('text', 'in_progress'), status: 'failed', error: FAILED },
      }),
      kinds: ['server-error'],
    },
    {
      name: 'flat-error',
      bytes: named('error', { ...FAILED, param: null, sequence_number: 90 }),
      kinds: ['server-error'],
    },
  ],
  garbage: SSE_GARBAGE,
  stranger: named('response.banana.ripening', { output_index: 0 }),
  unreadable: 'event: response.output_text.delta\ndata: {"type": "response.output_text.delta", "del\n\n',
}
