import type { Clock } from '../contract/clock.ts'
import { type DemoReply, type DemoRequest, type DemoServer, startDemoServer } from './demo-server.ts'
import { promptTokens, scriptedAnswer } from './demo-text.ts'

/** The one model of the scripted runner. */
export const RUNNER_MODEL = 'demo-llama:8b'

/** A laptop's pace: a moment to read the prompt, then about 25 tokens a second. */
const FIRST_TOKEN_MS = 350
const TOKEN_MS = 40
const NANOS_PER_MS = 1_000_000
const MODEL = {
  name: RUNNER_MODEL,
  model: RUNNER_MODEL,
  size: 4_900_000_000,
  digest: '0'.repeat(64),
  details: {
    format: 'gguf',
    family: 'llama',
    families: ['llama'],
    parameter_size: '8.0B',
    quantization_level: 'Q4_K_M',
  },
}

/**
 * A local runner that speaks Ollama's own wire (docs/api.md of Ollama: tags, show, ps, version, chat as NDJSON)
 * and has one slot: a second request waits until the first is done, as with `OLLAMA_NUM_PARALLEL=1`.
 */
export function startDemoRunner(clock: Clock): Promise<DemoServer> {
  const slot = createSlot()
  return startDemoServer(async (request, reply) => {
    const { method, path } = request
    const at = new Date(clock.nowMs()).toISOString()
    if (path === '/') return reply.json(200, { status: 'Ollama is running' })
    if (path === '/api/version') return reply.json(200, { version: '0.12.6' })
    if (path === '/api/tags') return reply.json(200, { models: [{ ...MODEL, modified_at: at }] })
    if (path === '/api/ps') return reply.json(200, { models: [{ ...MODEL, size_vram: MODEL.size, expires_at: at }] })
    if (method === 'POST' && path === '/api/show') return reply.json(200, shown())
    if (method !== 'POST' || path !== '/api/chat') return reply.json(404, { error: 'not found' })
    const model = request.body['model']
    if (model !== RUNNER_MODEL)
      return reply.json(404, { error: `model '${typeof model === 'string' ? model : ''}' not found` })
    return slot(() => chat(clock, request, reply))
  })
}

function shown(): object {
  return {
    details: MODEL.details,
    model_info: { 'general.architecture': 'llama', 'llama.context_length': 8_192 },
    capabilities: ['completion', 'tools'],
  }
}

async function chat(clock: Clock, { body, signal }: DemoRequest, reply: DemoReply): Promise<void> {
  const startedMs = clock.monotonicMs()
  const words = scriptedAnswer('the model on this machine', body)
  const isStream = body['stream'] !== false
  await clock.sleep(FIRST_TOKEN_MS, signal)
  if (isStream) reply.begin('application/x-ndjson')
  for (const word of words) {
    if (isStream) reply.write(line(clock, { message: { role: 'assistant', content: word }, done: false }))
    await clock.sleep(TOKEN_MS, signal)
  }
  const content = isStream ? '' : words.join('')
  const last = {
    message: { role: 'assistant', content },
    done: true,
    done_reason: 'stop',
    total_duration: Math.round((clock.monotonicMs() - startedMs) * NANOS_PER_MS),
    load_duration: 12 * NANOS_PER_MS,
    prompt_eval_count: promptTokens(body),
    prompt_eval_duration: FIRST_TOKEN_MS * NANOS_PER_MS,
    eval_count: words.length,
    eval_duration: words.length * TOKEN_MS * NANOS_PER_MS,
  }
  if (!isStream) return reply.json(200, stamped(clock, last))
  reply.write(line(clock, last))
  reply.end()
}

function stamped(clock: Clock, more: object): object {
  return { model: RUNNER_MODEL, created_at: new Date(clock.nowMs()).toISOString(), ...more }
}

function line(clock: Clock, more: object): string {
  return `${JSON.stringify(stamped(clock, more))}\n`
}

/** Runs work one after the other, in the order of arrival; a failure does not stop the line. */
function createSlot(): (work: () => Promise<void>) => Promise<void> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
}
