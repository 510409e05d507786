import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSystemClock } from '../kit/system-clock.ts'
import { openStore } from '../store/store.ts'
import { startScriptedUpstream } from '../test/scripted-upstream.ts'
import type { CommandIo } from './command.ts'
import { createServeCommand, type ServeDeps } from './serve.ts'

let dataDir: string

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'spillway-serve-'))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

/** A terminal on the real clock, and the two times somebody may press Ctrl-C. */
function terminal(): { io: CommandIo; lines: string[]; stop: PromiseWithResolvers<void>[]; deps: ServeDeps } {
  const lines: string[] = []
  const stop = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
  const write = (line: string): void => void lines.push(line)
  return {
    lines,
    stop: [...stop],
    io: { out: write, error: write, env: {}, clock: createSystemClock() },
    deps: { dataDir, defaultConfigPath: undefined, stopRequests: { first: stop[0].promise, second: stop[1].promise } },
  }
}

describe('spillway serve', () => {
  it.each([
    [['spillway.yaml'], '--config spillway.yaml'],
    [['--port', 'x'], '--port must be a number'],
    [['--what'], '--what'],
  ])('%j is bad usage, and says what is meant', async (args, told) => {
    const { io, lines, deps } = terminal()
    expect(await createServeCommand(deps)(args, io)).toBe(2)
    expect(lines.join('\n')).toContain(told)
  })

  it('asked twice to stop, tells the clients, writes every row, and does not wait for the answers', async () => {
    const upstream = await startScriptedUpstream((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: {"id":"a","model":"m","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n')
    })
    const config = join(dataDir, 'c.yaml')
    await writeFile(
      config,
      `discovery: false\nauth: off\nproviders: { p: { kind: openai_like, base_url: '${upstream.url}' } }\n`,
    )
    const { io, lines, stop, deps } = terminal()
    const ended = createServeCommand(deps)(['--config', config, '--port', '0'], io)
    const url = await readyUrl(lines)
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'p/m', stream: true, messages: [{ role: 'user', content: 'hi' }] }),
    })
    stop[0]?.resolve()
    stop[1]?.resolve()
    expect(await response.text()).toMatch(/Hel[\s\S]*"error"[\s\S]*shutting down/)
    expect(await ended).toBe(0)
    await upstream.close()
    const store = await openStore({
      dataDir,
      logs: { keepDays: 1, maxMb: 1, responses: true },
      clock: io.clock,
      onNotice: () => undefined,
    })
    const rows = await store.queryLogs({ limit: 10 })
    await store.close()
    expect(rows).toMatchObject([{ outcome: 'truncated', failure: 'shutting-down', target: 'p/m' }])
  })

  it('makes no key when it cannot listen, so that the next start shows one', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as AddressInfo
    const { io, lines, deps } = terminal()
    expect(await createServeCommand(deps)(['--port', String(port)], io)).toBe(1)
    await new Promise((resolve) => taken.close(resolve))
    expect(lines.join('\n')).toContain(`Port ${port} is taken`)
    expect(lines.join('\n')).not.toContain('sk-sw-')
  })

  it.each([
    [['--port', ''], '--port must be a number'],
    [['--port', '70000'], '--port must be a number'],
    [['--prot', '1'], '--prot'],
    [['my.yaml'], 'my.yaml'],
  ])('%j is bad usage', async (args, told) => {
    const { io, lines, deps } = terminal()
    expect(await createServeCommand(deps)(args, io)).toBe(2)
    expect(lines.join('\n')).toContain(told)
    expect(lines.join('\n')).toContain('Usage: spillway serve')
  })
})

async function readyUrl(lines: readonly string[]): Promise<string> {
  for (;;) {
    const url = /listening on (http:\S+)/.exec(lines.join('\n'))?.[1]
    if (url !== undefined) return url
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
