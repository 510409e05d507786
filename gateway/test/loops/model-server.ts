import type { JsonObject } from '../../contract/json.ts'
import { startScriptedUpstream } from '../scripted-upstream.ts'
import type { Brain, Heard, Said, UpstreamWire } from './upstream-wire.ts'
import { anthropicWire } from './wire-anthropic.ts'
import { bedrockWire } from './wire-bedrock.ts'
import { geminiWire } from './wire-gemini.ts'
import { ollamaWire } from './wire-ollama.ts'
import { openaiWire } from './wire-openai.ts'
import { responsesWire } from './wire-responses.ts'

/** One server that speaks every upstream's wire, each under its own path, with one scripted model behind them. */
export interface ModelServer {
  readonly url: string
  /** What the model was asked, in order; what only counts tokens or lists models is not among it. */
  readonly heard: Heard[]
  brain: Brain
  close(): Promise<void>
}

const WIRES: readonly UpstreamWire[] = [openaiWire, anthropicWire, ollamaWire, geminiWire, bedrockWire, responsesWire]

/** The count that the scripted upstream gives for every request. */
export const COUNTED_TOKENS = 321

/** Anthropic's own refusal of a conversation that it shall keep; the SDK then sends the whole of it. */
const NO_THREADS = {
  type: 'error',
  error: {
    type: 'invalid_request_error',
    message: 'This organization has no threads.',
    details: { error_code: 'thread_unsupported_request', unsupported: [] },
  },
}

export async function startModelServer(brain: Brain): Promise<ModelServer> {
  const heard: Heard[] = []
  const state = { brain }
  const upstream = await startScriptedUpstream(async ({ path, text, headers }, response) => {
    const wire = WIRES.find(({ serves }) => serves(path))
    if (path.includes('/messages/count_tokens')) {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ input_tokens: COUNTED_TOKENS }))
      return
    }
    if (wire === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: { message: `no script for ${path}` } }))
      return
    }
    const body = JSON.parse(text) as JsonObject
    if (body['thread'] !== undefined) {
      response.writeHead(400, { 'content-type': 'application/json' })
      response.end(JSON.stringify(NO_THREADS))
      return
    }
    const question: Heard = { wire: wire.name, path, headers, body, ...wire.hear(body, path) }
    heard.push(question)
    const { contentType, pieces } = wire.say(await state.brain(question), {
      stream: question.stream,
      id: `said${heard.length}`,
    })
    response.writeHead(200, { 'content-type': contentType })
    for (const piece of pieces) response.write(piece)
    response.end()
  })
  return Object.assign(state, { url: upstream.url, heard, close: () => upstream.close() })
}

/** A model that says these things in turn; the last one is repeated. */
export function saysInTurn(...turns: readonly Said[]): Brain {
  let turn = 0
  return () => turns[Math.min(turn++, turns.length - 1)] ?? {}
}

/** A model that calls this tool until it is shown a result, and then says what it was shown. */
export function callsOnce(name: string, input: JsonObject): Brain {
  return ({ results }) =>
    results.length === 0 ? { calls: [{ id: 'call_said_1', name, input }] } : { text: `Done: ${results.join(', ')}` }
}
