import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoredRequest } from '../store/log-query.ts'
import type { Clock } from '../contract/clock.ts'
import { createGateway, type Gateway } from '../gateway.ts'
import { createSystemClock } from '../kit/system-clock.ts'

/** A whole gateway whose files, notices and configuration a test may look at and change. */
export interface AttackedGateway {
  /** `http://127.0.0.1:N`, without `/v1`. */
  readonly url: string
  readonly port: number
  /** The key of the environment: everything is open to it. */
  readonly key: string
  readonly dataDir: string
  readonly configPath: string
  /** Everything that the person who runs it was told. */
  readonly notices: readonly string[]
  readonly gateway: Gateway
  rows(): Promise<readonly StoredRequest[]>
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>
  /** The files stay until {@link remove}. */
  stop(): Promise<void>
  remove(): Promise<void>
}

export const OWNER_KEY = 'sk-owner-0123456789abcdef0123456789abcdef'
export const MESSAGES = [{ role: 'user', content: 'hi' }]

export async function startAttackedGateway(
  config: string,
  env: Readonly<Record<string, string>> = {},
  clock: Clock = createSystemClock(),
): Promise<AttackedGateway> {
  const dataDir = await mkdtemp(join(tmpdir(), 'spillway-attacked-'))
  const configPath = join(dataDir, 'spillway.yaml')
  await writeFile(configPath, config)
  const notices: string[] = []
  const gateway = await createGateway({
    dataDir,
    configPath,
    port: 0,
    env: { SPILLWAY_KEY: OWNER_KEY, ...env },
    clock,
    onNotice: (text) => void notices.push(text),
  })
  return {
    url: gateway.url,
    port: gateway.port,
    key: OWNER_KEY,
    dataDir,
    configPath,
    notices,
    gateway,
    rows: () => gateway.recentRequests(1_000),
    post: (path, body, headers = {}) =>
      fetch(gateway.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${OWNER_KEY}`, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    stop: () => gateway.close(0),
    remove: async () => {
      await gateway.close(0)
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Polls until something is so; fails with what was waited for. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, everyMs = 10): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`This did not happen: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
