import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isFailure } from '../contract/failure.ts'
import { createSystemClock } from '../kit/system-clock.ts'
import type { StoredRequest } from './log-query.ts'
import { openStore } from './store.ts'
import type { Store } from './store.ts'
import { sampleKey, sampleRow, temporaryFolder } from './test/samples.ts'

const HERE = import.meta.dirname

describe('store', () => {
  it('keeps rows and keys over a restart', async () => {
    const dataDir = temporaryFolder()
    const first = await open(dataDir)
    for (let index = 0; index < 250; index += 1) first.store.log.append(sampleRow(`r${index}`))
    await first.store.keys.create(sampleKey('editor'))
    await first.store.close()
    const second = await open(dataDir)
    expect(await second.store.stats()).toMatchObject({ rows: 250, droppedRows: 0, place: 'file' })
    expect(second.store.keys.list().map(({ name }) => name)).toEqual(['editor'])
    expect([...first.notices, ...second.notices]).toEqual([])
  })

  it('has a new or revoked key in force when the call returns', async () => {
    const { store } = await open(temporaryFolder())
    const seen: number[] = []
    store.keys.onChange((keys) => seen.push(keys.filter(({ revokedAtMs }) => revokedAtMs === undefined).length))
    await store.keys.create(sampleKey('editor'))
    expect(store.keys.list()).toHaveLength(1)
    await store.keys.revoke('editor')
    expect(store.keys.list()[0]?.revokedAtMs).toBeTypeOf('number')
    expect(seen).toEqual([1, 0])
    expect(isFailure(await store.keys.revoke('nobody'))).toBe(true)
  })

  it('hands followers every matching row once and in order, and none after they stopped', async () => {
    const { store } = await open(temporaryFolder())
    store.log.append(sampleRow('before', { app: 'shell' }))
    await store.flush()
    const seen: string[] = []
    let arrived = (): void => undefined
    const stop = store.followLogs({ app: 'shell' }, (rows: readonly StoredRequest[]) => {
      seen.push(...rows.map(({ id }) => id))
      arrived()
    })
    const expected = Array.from({ length: 300 }, (_value, index) => `r${index}`)
    const all = new Promise<void>((resolve) => {
      arrived = () => {
        if (seen.length >= expected.length) resolve()
      }
    })
    await store.queryLogs({ limit: 1 })
    for (const id of expected) store.log.append(sampleRow(id, { app: 'shell' }))
    store.log.append(sampleRow('other', { app: 'editor' }))
    await all
    stop()
    store.log.append(sampleRow('after', { app: 'shell' }))
    await store.flush()
    await store.queryLogs({ limit: 1 })
    expect(seen).toEqual(expected)
  })

  it('sees a key that another process made', async () => {
    const dataDir = temporaryFolder()
    const { store } = await open(dataDir)
    const changed = new Promise<string[]>((resolve) => {
      store.keys.onChange((keys) => resolve(keys.map(({ name }) => name)))
    })
    await runNode(`
      import { openKeyLedger } from ${JSON.stringify(pathToFileURL(join(HERE, 'ledger-file.ts')).href)}
      const ledger = openKeyLedger(${JSON.stringify(dataDir)})
      ledger.create(${JSON.stringify(sampleKey('from-outside'))}, 1)
      ledger.close()
    `)
    expect(await changed).toEqual(['from-outside'])
  })
})

describe('a worker that dies', () => {
  it('is started again, and every row is there exactly once', async () => {
    const dataDir = temporaryFolder()
    const { store, notices } = await open(dataDir, crashingWorker({ crashes: 1 }))
    for (let index = 0; index < 250; index += 1) store.log.append(sampleRow(`r${index}`))
    await store.flush()
    expect(await store.stats()).toMatchObject({ rows: 250, droppedRows: 0 })
    expect(notices).toEqual([expect.stringContaining('started again')])
  })

  it('twice: rows are counted as lost, keys are refused, and nothing hangs or throws', async () => {
    const { store, notices } = await open(temporaryFolder(), crashingWorker({ crashes: 9 }))
    for (let index = 0; index < 250; index += 1) store.log.append(sampleRow(`r${index}`))
    await store.flush()
    expect(await store.stats()).toEqual({ rows: 0, bytes: 0, droppedRows: 250, place: 'off' })
    expect([store.keys.list(), store.keys.state]).toEqual([[], 'unavailable'])
    expect(isFailure(await store.keys.create(sampleKey('editor')))).toBe(true)
    expect(notices).toHaveLength(2)
    await store.close()
  })

  it('before it was ever ready leaves a store that says so', async () => {
    const file = join(temporaryFolder(), 'broken.mjs')
    writeFileSync(file, "throw new Error('no such module')")
    const { store, notices } = await open(temporaryFolder(), pathToFileURL(file))
    expect(store.keys.state).toBe('unavailable')
    expect(notices.at(-1)).toContain('no such module')
  })
})

async function open(dataDir: string, worker?: URL): Promise<{ store: Store; notices: string[] }> {
  const notices: string[] = []
  const store = await openStore({
    dataDir,
    logs: { keepDays: 3_650, maxMb: 64, responses: true },
    clock: createSystemClock(),
    onNotice: (message) => notices.push(message),
    ...(worker === undefined ? {} : { worker }),
  })
  onTestFinished(() => store.close())
  return { store, notices }
}

/** The real worker, except that it dies after it stored a batch and before it said so, `crashes` times. */
function crashingWorker({ crashes }: { readonly crashes: number }): URL {
  const folder = temporaryFolder()
  const file = join(folder, 'crashing-worker.mjs')
  writeFileSync(
    file,
    `
    import { existsSync, writeFileSync } from 'node:fs'
    import { parentPort, workerData } from 'node:worker_threads'
    const { createStoreCore } = await import(${JSON.stringify(pathToFileURL(join(HERE, 'store-core.ts')).href)})
    const { createSystemClock } = await import(${JSON.stringify(pathToFileURL(join(HERE, '../kit/system-clock.ts')).href)})
    let isDying = false
    const core = createStoreCore({
      settings: workerData,
      clock: createSystemClock(),
      send: (message) => isDying || parentPort.postMessage(message),
    })
    const flags = Array.from({ length: ${crashes} }, (_value, index) => ${JSON.stringify(folder)} + '/crash-' + index)
    parentPort.on('message', (call) => {
      const flag = flags.find((name) => !existsSync(name))
      isDying = call.request.type === 'write' && flag !== undefined
      core.handle(call)
      if (!isDying) return
      writeFileSync(flag, '')
      process.exit(1)
    })
    `,
  )
  return pathToFileURL(file)
}

async function runNode(program: string): Promise<void> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
}
