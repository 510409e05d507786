import type { Clock } from '../contract/clock.ts'
import { type DemoReply, type DemoRequest, type DemoServer, startDemoServer } from './demo-server.ts'
import { promptTokens, scriptedAnswer } from './demo-text.ts'

/** The one model of the scripted cloud. */
export const CLOUD_MODEL = 'demo-cloud-large'

/** A data centre's pace: the way there and back, then about 80 tokens a second. */
const FIRST_TOKEN_MS = 450
const TOKEN_MS = 12

/** A cloud that speaks OpenAI's wire: models, chat completions, streamed and not. It never refuses and costs nothing. */
export function startDemoCloud(clock: Clock): Promise<DemoServer> {
  let served = 0
  return startDemoServer(async (request, reply) => {
    const { method, path } = request
    const created = Math.floor(clock.nowMs() / 1_000)
    if (path === '/v1/models') {
      return reply.json(200, {
        object: 'list',
        data: [{ id: CLOUD_MODEL, object: 'model', created, owned_by: 'demo' }],
      })
    }
    if (method !== 'POST' || path !== '/v1/chat/completions') {
      return reply.json(404, {
        error: { message: 'not found', type: 'invalid_request_error', param: null, code: null },
      })
    }
    served += 1
    const frame = { id: `chatcmpl-demo${served}`, created, model: CLOUD_MODEL }
    return chat(clock, request, { reply, frame })
  })
}

interface Chat {
  readonly reply: DemoReply
  /** What every object of this answer begins with. */
  readonly frame: object
}

async function chat(clock: Clock, { body, signal }: DemoRequest, { reply, frame }: Chat): Promise<void> {
  const words = scriptedAnswer('the cloud', body)
  const input = promptTokens(body)
  const usage = { prompt_tokens: input, completion_tokens: words.length, total_tokens: input + words.length }
  await clock.sleep(FIRST_TOKEN_MS, signal)
  if (body['stream'] !== true) {
    await clock.sleep(TOKEN_MS * words.length, signal)
    const message = { role: 'assistant', content: words.join('') }
    const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }]
    return reply.json(200, { ...frame, object: 'chat.completion', choices, usage })
  }
  const send = (choices: readonly object[], more: object = {}): void =>
    reply.write(`data: ${JSON.stringify({ ...frame, object: 'chat.completion.chunk', choices, ...more })}\n\n`)
  const choice = (delta: object, finish: string | null): object => ({ index: 0, delta, finish_reason: finish })
  reply.begin('text/event-stream')
  send([choice({ role: 'assistant', content: '' }, null)])
  for (const word of words) {
    send([choice({ content: word }, null)])
    await clock.sleep(TOKEN_MS, signal)
  }
  send([choice({}, 'stop')])
  if (JSON.stringify(body['stream_options'] ?? {}).includes('"include_usage":true')) send([], { usage })
  reply.write('data: [DONE]\n\n')
  reply.end()
}
