import { connect, type Socket } from 'node:net'
import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Clock } from '../contract/clock.ts'
import { limits } from '../contract/limits.ts'
import { createSystemClock } from '../kit/system-clock.ts'
import { openAiError } from '../http/test/raw-client.ts'
import { MESSAGES, startAttackedGateway, until, type AttackedGateway } from './attacked-gateway.ts'
import { heldBytes } from './held-bytes.ts'
import { openAiJson, startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'

/** Clients that take up what they can: sockets, bodies, streams that nobody reads. */
const MB = 1024 * 1024
let upstream: ScriptedUpstream
let gateway: AttackedGateway
let produced = 0
const open = new Set<ServerResponse>()

beforeAll(async () => {
  upstream = await startScriptedUpstream(({ text }, response) => {
    if (text.includes('"stream":true')) return pour(response)
    response.writeHead(200, { 'content-type': 'application/json' }).end(openAiJson('all is well'))
    return undefined
  })
  gateway = await startAttackedGateway(config())
})
afterAll(async () => {
  await gateway.remove()
  await upstream.close()
})

function config(): string {
  return `
discovery: false
providers:
  cloud: { kind: openai_like, base_url: '${upstream.url}/v1', key: test-key }
  rewritten: { kind: openai_like, base_url: '${upstream.url}/v1', key: test-key, lane: translated }
models: { m: cloud/m, t: rewritten/m }
`
}

/** As much of a stream as the other side takes, for as long as it takes it. */
function pour(response: ServerResponse): void {
  open.add(response)
  response.on('close', () => open.delete(response))
  const event = `data: ${JSON.stringify({ id: 'a', model: 'm', choices: [{ index: 0, delta: { content: 'x'.repeat(60_000) } }] })}\n\n`
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const more = (): void => {
    while (!response.destroyed) {
      produced += event.length
      if (!response.write(event)) break
    }
  }
  response.on('drain', more)
  more()
}

function openSocket({ port }: { readonly port: number }, bytes: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.write(bytes)
      resolve(socket)
    })
    socket.once('error', reject)
    socket.on('error', () => undefined)
  })
}

function chatHead(length: number): string {
  return (
    `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${gateway.key}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`
  )
}

async function expectServed(): Promise<void> {
  const response = await gateway.post('/v1/chat/completions', { model: 'm', messages: MESSAGES })
  expect(response.status).toBe(200)
  expect(await response.text()).toContain('all is well')
}

// Other tests may be using the machine at the same time: none of these is about speed.
describe('bounded resources', { timeout: 60_000 }, () => {
  it('200 sockets that never finish their request do not keep a good one from being served', async () => {
    const half = ['GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX-Slow: ', chatHead(500) + '{"model":', 'P']
    const sockets = await Promise.all(
      Array.from({ length: 200 }, (_, n) => openSocket(gateway, half[n % half.length] ?? '')),
    )
    const drip = setInterval(() => sockets.forEach((socket) => socket.write('a')), 100)
    const calls = upstream.received.length
    for (let turn = 0; turn < 20; turn++) await expectServed()
    clearInterval(drip)
    expect(upstream.received.length - calls).toBe(20)
    for (const socket of sockets) socket.destroy()
    await expectServed()
  })

  it('a body of 50 MB is refused, announced or not', async () => {
    const calls = upstream.received.length
    const announced = await openSocket(gateway, chatHead(50 * MB))
    const refusal = new Promise<string>((resolve) => announced.once('data', (chunk) => resolve(chunk.toString())))
    expect(await refusal).toMatch(/^HTTP\/1\.1 413 /)
    announced.destroy()

    const whole = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x'.repeat(50 * MB) }] })
    const response = await gateway.post('/v1/chat/completions', whole)
    expect([response.status, openAiError(await response.text())?.['code']]).toEqual([413, 'request_too_large'])

    const chunked = await openSocket(gateway, chatHead(0).replace('Content-Length: 0', 'Transfer-Encoding: chunked'))
    const answer = new Promise<string>((resolve) => chunked.once('data', (chunk) => resolve(chunk.toString())))
    const piece = `100000\r\n${'x'.repeat(MB)}\r\n`
    let sent = 0
    while (sent < 50 && (chunked.write(piece) || (await drained(chunked)))) sent += 1
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /)
    chunked.destroy()
    expect(upstream.received).toHaveLength(calls)
    await expectServed()
  })

  it.each(['m', 't'])('100 clients that never read their stream (model %s) hold little', async (model) => {
    const body = JSON.stringify({ model, messages: MESSAGES, stream: true })
    const before = heldBytes()
    produced = 0
    const sockets = await Promise.all(
      Array.from({ length: 100 }, () => openSocket(gateway, chatHead(body.length) + body)),
    )
    for (const socket of sockets) socket.pause()
    await until('all streams have begun', () => open.size === 100)
    await untilStill(() => produced)
    await expectServed()
    // Upstream, gateway and clients share this process. What the kernel's buffers take is produced, but not held.
    // Freed buffers are handed back only some time after the collection that found them.
    await until('little is held', () => heldBytes() - before < 64 * MB, 200)
    for (const socket of sockets) socket.destroy()
    await until('their upstreams are closed', () => open.size === 0)
    const rows = (await gateway.rows()).slice(-101)
    expect(rows.filter(({ outcome }) => outcome === 'cancelled')).toHaveLength(100)
  })

  it('a client that never reads is dropped, and its upstream with it', async () => {
    const clock = createSystemClock()
    const hasty: Clock = {
      ...clock,
      startTimer: (ms, fire) => clock.startTimer(ms === limits.slowClientMs ? 200 : ms, fire),
    }
    const own = await startAttackedGateway(config(), {}, hasty)
    const body = JSON.stringify({ model: 'm', messages: MESSAGES, stream: true })
    const socket = await openSocket(own, chatHead(body.length) + body)
    socket.pause()
    await until('its stream has begun', () => open.size === 1)
    await until('its upstream is closed', () => open.size === 0)
    const rows = await own.rows()
    expect(rows.map(({ outcome, failure }) => [outcome, failure])).toEqual([['cancelled', 'client-gone']])
    socket.destroy()
    await own.remove()
  })
})

function drained(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isDrained: boolean): void => {
      socket.removeListener('drain', onDrain).removeListener('close', onOver).removeListener('end', onOver)
      resolve(isDrained)
    }
    const onDrain = (): void => settle(true)
    const onOver = (): void => settle(false)
    socket.on('drain', onDrain).on('close', onOver).on('end', onOver)
  })
}

/** Waits until a figure has stopped growing. */
async function untilStill(figure: () => number): Promise<void> {
  let last = -1
  await until(
    'it stops',
    () => {
      const isStill = figure() === last
      last = figure()
      return isStill
    },
    400,
  )
}
