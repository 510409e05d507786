import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDemo } from '../demo/demo.ts'
import { playSamples } from '../demo/play-samples.ts'
import { createGateway, type Gateway } from '../gateway.ts'
import type { Command, CommandIo } from './command.ts'
import { formatLogHeader, formatLogRow } from './log-table-text.ts'
import type { StopRequests } from './serve.ts'

export interface DemoDeps {
  readonly stopRequests: StopRequests
  /** Makes the key of this run. */
  newKey(): string
}

/** `spillway demo`: a scripted runner and cloud behind a real gateway, with requests that spill over, live. */
export function createDemoCommand(deps: DemoDeps): Command {
  return async (args, io) => {
    if (args.length > 0) {
      io.error('Usage: spillway demo')
      return 2
    }
    const folder = await mkdtemp(join(tmpdir(), 'spillway-demo-'))
    const demo = await startDemo({ clock: io.clock, out: io.out })
    const configPath = join(folder, 'spillway.yaml')
    await writeFile(configPath, demo.configText)
    const key = deps.newKey()
    const env = { SPILLWAY_KEY: key }
    const gateway = await createGateway({
      dataDir: folder,
      configPath,
      port: 0,
      env,
      clock: io.clock,
      onNotice: io.error,
    })
    io.out(`Spillway listening on ${gateway.url}`)
    const stop = new AbortController()
    void deps.stopRequests.first.then(() => stop.abort())
    const { signal } = stop
    await playSamples(demo.samples, { url: gateway.url, key, clock: io.clock, signal, out: io.out })
    io.out('\nThe log of all that, as "spillway logs --follow" shows it:\n')
    await followRows(gateway, io, { signal, hint: `\nAsk it something yourself: ${curl(gateway.url, key)}\n` })
    await gateway.close(0)
    await demo.stop()
    await rm(folder, { recursive: true, force: true })
    return 0
  }
}

/** How often new rows are looked for, and how many of the newest. */
const FOLLOW_MS = 300
const ROWS = 200

interface Following {
  readonly signal: AbortSignal
  /** Printed once, after the first rows. */
  readonly hint: string
}

async function followRows(gateway: Gateway, io: CommandIo, { signal, hint }: Following): Promise<void> {
  let newest = 0
  io.out(formatLogHeader())
  for (let round = 0; !signal.aborted; round++) {
    for (const row of await gateway.recentRequests(ROWS)) {
      if (row.seq > newest) io.out(formatLogRow(row))
      newest = Math.max(newest, row.seq)
    }
    if (round === 0) io.out(`${hint}Ctrl-C ends the demo.`)
    await io.clock.sleep(FOLLOW_MS, signal).catch(() => undefined)
  }
}

function curl(url: string, key: string): string {
  const body = '{"model": "chat", "messages": [{"role": "user", "content": "Hello"}]}'
  return `curl ${url}/v1/chat/completions -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" -d '${body}'`
}
