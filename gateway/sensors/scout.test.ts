import { describe, expect, it } from 'vitest'
import { limits } from '../contract/limits.ts'
import type { FoundRunner } from '../contract/runner.ts'
import { createFakeClock } from '../kit/fake-clock.ts'
import { createRunnerScout } from './scout.ts'
import type { ScoutDeps } from './scout.ts'
import { listing, OLLAMA, scriptedMachine } from './test/scripted-machine.ts'
import type { ScriptedServer } from './test/scripted-machine.ts'

const OLLAMA_AT = 'http://127.0.0.1:11434'
const VLLM_AT = 'http://127.0.0.1:8000'
const VLLM: ScriptedServer = { '/v1/models': listing('vllm', 'qwen') }

describe('scout', () => {
  it('finds what is there, tells once, and says nothing while nothing changes', async () => {
    const { scout, changes, clock } = start({ [OLLAMA_AT]: OLLAMA, [VLLM_AT]: VLLM })
    scout.start()
    scout.start()
    await clock.advance(limits.probeIntervalMs * 3)
    expect(changes).toEqual([['ollama', 'vllm']])
    expect(scout.runners().map(({ baseUrl }) => baseUrl)).toEqual([OLLAMA_AT, `${VLLM_AT}/v1`])
  })

  it('notices a runner that starts, and a model that is pulled', async () => {
    const { scout, changes, clock, machine } = start({})
    scout.start()
    await clock.advance(limits.probeIntervalMs)
    machine.servers.set(VLLM_AT, VLLM)
    await clock.advance(limits.probeIntervalMs)
    machine.servers.set(VLLM_AT, { '/v1/models': listing('vllm', 'qwen', 'lora') })
    await clock.advance(limits.probeIntervalMs)
    expect(changes).toEqual([['vllm'], ['vllm']])
    expect(scout.runners()[0]?.models.map(({ id }) => id)).toEqual(['qwen', 'lora'])
  })

  it('forgives one silent round, and forgets the runner at the second', async () => {
    const { scout, machine } = start({ [VLLM_AT]: VLLM })
    await scout.refresh()
    machine.servers.delete(VLLM_AT)
    expect(await scout.refresh()).toHaveLength(1)
    machine.servers.set(VLLM_AT, VLLM)
    await scout.refresh()
    machine.servers.delete(VLLM_AT)
    expect(await scout.refresh()).toHaveLength(1)
    expect(await scout.refresh()).toEqual([])
  })

  it('believes another runner at the same address at once', async () => {
    const { scout, machine } = start({ [VLLM_AT]: VLLM })
    await scout.refresh()
    machine.servers.set(VLLM_AT, { '/v1/models': listing('sglang', 'qwen') })
    expect((await scout.refresh()).map(({ provider }) => provider)).toEqual(['sglang'])
  })

  it('hides the servers that a runner started for itself', async () => {
    const lemonade: ScriptedServer = {
      '/v1/models': listing('lemonade', 'qwen'),
      '/v1/health': {
        json: {
          status: 'ok',
          version: '1',
          all_models_loaded: [{ model_name: 'qwen', backend_url: 'http://127.0.0.1:8080/v1' }],
        },
      },
    }
    const { scout } = start({
      'http://127.0.0.1:13305': lemonade,
      'http://127.0.0.1:8080': { '/v1/models': listing('llamacpp', 'qwen') },
    })
    expect((await scout.refresh()).map(({ provider }) => provider)).toEqual(['lemonade'])
  })

  it('never finds itself, and shows what wants a key apart from what is served', async () => {
    const { scout, machine } = start(
      { 'http://127.0.0.1:8080': VLLM, 'http://127.0.0.1:1337': { '*': { json: {}, status: 401 } } },
      { ownPort: () => 8080 },
    )
    expect(await scout.refresh()).toEqual([])
    expect(scout.locked()).toEqual(['http://127.0.0.1:1337'])
    expect(machine.asked.filter((url) => url.includes(':8080'))).toEqual([])
  })

  it('calls a runner on another machine that, and one without a provider of its own OpenAI-like', async () => {
    const { scout } = start(
      { 'http://192.168.1.20:11434': OLLAMA },
      { env: { OLLAMA_HOST: '192.168.1.20' }, findProvider: () => undefined },
    )
    expect(await scout.refresh()).toMatchObject([
      { provider: 'openai_like', locality: 'lan', baseUrl: 'http://192.168.1.20:11434' },
    ])
  })

  it('stops, leaving no timer, and looks only so many ways at once', async () => {
    const { scout, clock, machine } = start({})
    scout.start()
    await clock.advance(limits.probeIntervalMs)
    scout.stop()
    const before = machine.asked.length
    await clock.advance(limits.probeIntervalMs * 3)
    expect([machine.asked.length, clock.pending]).toEqual([before, 0])
    expect(machine.mostAtOnce()).toBe(limits.probeConcurrency)
  })

  it('goes round once when it is stopped and started while it looks', async () => {
    const { scout, clock } = start({})
    scout.start()
    scout.stop()
    scout.start()
    await clock.advance(limits.probeIntervalMs)
    expect(clock.pending).toBe(1)
  })

  it('shares one round between those who ask at the same time', async () => {
    const { scout, machine } = start({})
    await Promise.all([scout.refresh(), scout.refresh()])
    expect(new Set(machine.asked).size).toBe(machine.asked.length)
  })
})

function start(servers: Readonly<Record<string, ScriptedServer>>, more: Partial<ScoutDeps> = {}) {
  const clock = createFakeClock()
  const machine = scriptedMachine(servers)
  const changes: string[][] = []
  const scout = createRunnerScout({
    clock,
    env: {},
    probe: machine.probe,
    onChange: (runners: readonly FoundRunner[]) => changes.push(runners.map(({ provider }) => provider)),
    ...more,
  })
  return { scout, clock, machine, changes }
}
