import { type IncomingMessage, request } from 'node:http'
import type { Clock } from '../contract/clock.ts'
import type { DemoSample } from './demo-samples.ts'

export interface PlayOptions {
  /** The gateway, `http://127.0.0.1:N`. */
  readonly url: string
  readonly key: string
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly out: (line: string) => void
}

/** Pause between the steps, for the person who reads along. */
const STEP_MS = 800

/** Sends the samples through the gateway as any client would, and says of each answer who gave it and why. */
export async function playSamples(samples: readonly DemoSample[], options: PlayOptions): Promise<void> {
  for (const sample of samples) {
    if (options.signal.aborted) return
    options.out(`\n${sample.title}`)
    await Promise.all(sample.prompts.map((prompt) => playOne(prompt, sample.stream, options)))
    await options.clock.sleep(STEP_MS, options.signal).catch(() => undefined)
  }
}

async function playOne(prompt: string, stream: boolean, { url, key, clock, signal, out }: PlayOptions): Promise<void> {
  const startedMs = clock.monotonicMs()
  const body = JSON.stringify({ model: 'chat', stream, messages: [{ role: 'user', content: prompt }] })
  try {
    const reply = await post(`${url}/v1/chat/completions`, { body, key, signal })
    const bytes = await countBytes(reply)
    const header = (name: string): string => String(reply.headers[`x-spillway-${name}`] ?? '?')
    const seconds = ((clock.monotonicMs() - startedMs) / 1_000).toFixed(1)
    const served = `${header('target')} (${header('locality')}), because: ${header('reason')}`
    out(`  ${prompt.padEnd(24)} ${reply.statusCode} in ${seconds} s, ${bytes} bytes, from ${served}`)
  } catch (error) {
    if (signal.aborted) return
    out(`  ${prompt.padEnd(24)} failed: ${error instanceof Error ? error.message : String(error)}`)
  }
}

interface Post {
  readonly body: string
  readonly key: string
  readonly signal: AbortSignal
}

function post(url: string, { body, key, signal }: Post): Promise<IncomingMessage> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', headers, signal }, resolve)
    call.on('error', reject)
    call.end(body)
  })
}

async function countBytes(reply: IncomingMessage): Promise<number> {
  let bytes = 0
  for await (const chunk of reply) bytes += Buffer.byteLength(chunk)
  return bytes
}
