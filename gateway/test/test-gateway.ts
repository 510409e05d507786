import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RequestLog } from '../contract/request-log.ts'
import { createGateway, type Gateway } from '../gateway.ts'
import { createSystemClock } from '../kit/system-clock.ts'

/** A whole gateway on a free port with a temporary data directory and one key. */
export interface TestGateway {
  /** `http://127.0.0.1:N`, without `/v1`. */
  readonly url: string
  readonly key: string
  readonly gateway: Gateway
  /** Where the configuration stands; undefined: there is none. */
  readonly configPath: string | undefined
  /** What was said to the person who runs it. */
  readonly notices: readonly string[]
  /** Every row written so far, oldest first. */
  rows(): Promise<readonly RequestLog[]>
  close(): Promise<void>
}

/** @param configText a `spillway.yaml`, or a LiteLLM `config.yaml`; undefined: no file at all. */
export async function startTestGateway(
  configText: string | undefined,
  env: Readonly<Record<string, string>> = {},
): Promise<TestGateway> {
  const dataDir = await mkdtemp(join(tmpdir(), 'spillway-test-'))
  const configPath = configText === undefined ? undefined : join(dataDir, 'config.yaml')
  if (configPath !== undefined && configText !== undefined) await writeFile(configPath, configText)
  const key = 'sk-test-0123456789abcdef0123456789abcdef'
  const notices: string[] = []
  const gateway = await createGateway({
    dataDir,
    configPath,
    port: 0,
    env: { SPILLWAY_KEY: key, ...env },
    clock: createSystemClock(),
    onNotice: (text) => void notices.push(text),
  })
  return {
    url: gateway.url,
    key,
    gateway,
    configPath,
    notices,
    rows: () => gateway.recentRequests(100_000),
    close: async () => {
      await gateway.close(1_000)
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
