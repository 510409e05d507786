import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createGateway, type Gateway } from './gateway.ts'
import { createSystemClock } from './kit/system-clock.ts'

const KEY = 'a-key-of-the-test'
const CONFIG = `
discovery: false
providers:
  cloud: { kind: openai, base_url: 'http://127.0.0.1:9/v1', locality: cloud, key: none }
models:
  plain: cloud/a
  'wild/*': 'cloud/*'
`

let running: Gateway | undefined
let folder: string | undefined

afterEach(async () => {
  await running?.close(0)
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

async function listed(query: string): Promise<unknown> {
  folder = await mkdtemp(join(tmpdir(), 'spillway-gateway-'))
  const configPath = join(folder, 'spillway.yaml')
  await writeFile(configPath, CONFIG)
  running = await createGateway({
    dataDir: folder,
    configPath,
    port: 0,
    env: { SPILLWAY_KEY: KEY },
    clock: createSystemClock(),
    onNotice: () => undefined,
  })
  const reply = await fetch(`${running.url}/v1/models${query}`, { headers: { authorization: `Bearer ${KEY}` } })
  return reply.json()
}

describe('GET /v1/models', () => {
  it('names patterns only when it is asked to', async () => {
    expect(JSON.stringify(await listed(''))).not.toContain('wild/*')
  })

  it('names patterns for return_wildcard_routes, as LiteLLM does', async () => {
    expect(JSON.stringify(await listed('?return_wildcard_routes=true'))).toContain('wild/*')
  })
})
