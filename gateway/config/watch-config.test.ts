import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { limits } from '../contract/limits.ts'
import { createFakeClock, type FakeClock } from '../kit/fake-clock.ts'
import { createSystemClock } from '../kit/system-clock.ts'
import { findProvider } from './__fixtures__/providers.ts'
import { type ConfigResult, readConfig } from './read-config.ts'
import type { FileText } from './read-file.ts'
import { readTextFile } from './read-file.ts'
import { type ConfigChange, type ConfigWatcher, createConfigWatcher, type WatchDirectory } from './watch-config.ts'
import { watchDirectory } from './watch-directory.ts'

const PATH = '/etc/spillway/config.yaml'
const GOOD = 'mode: local-only'
const BETTER = 'mode: cloud-first'
const BROKEN = 'mode: sideways'

describe('createConfigWatcher', () => {
  it('reports an edit once, after the file has come to rest', async () => {
    const house = start()
    house.write(BETTER)
    house.touch('config.yaml')
    await house.clock.advance(limits.configWatchDebounceMs - 1)
    house.touch('config.yaml')
    await house.clock.advance(limits.configWatchDebounceMs - 1)
    expect(house.changes).toEqual([])
    await house.clock.advance(1)
    expect(house.changes).toMatchObject([{ kind: 'changed', result: { config: { mode: 'cloud-first' } } }])
    await house.clock.advance(10 * limits.configPollMs)
    expect(house.changes).toHaveLength(1)
  })

  it('does not wait for ever for a file that never rests', async () => {
    const house = start()
    house.write(BETTER)
    for (let ms = 0; ms <= limits.configSettleMs + limits.configWatchDebounceMs; ms += 100) {
      house.touch('config.yaml')
      await house.clock.advance(100)
    }
    expect(house.changes).toHaveLength(1)
  })

  it('reports a broken edit once, and the repair', async () => {
    const house = start()
    house.write(BROKEN)
    for (let i = 0; i < 3; i++) {
      house.touch('config.yaml')
      await house.clock.advance(limits.configWatchDebounceMs)
    }
    expect(house.changes).toMatchObject([{ kind: 'broken', diagnostics: [{ line: 1, column: 7 }] }])
    house.write(GOOD)
    house.touch('config.yaml')
    await house.clock.advance(limits.configWatchDebounceMs)
    expect(house.changes[1]).toMatchObject({ kind: 'changed', result: { config: { mode: 'local-only' } } })
  })

  it.each(['missing', 'directory', 'forbidden', 'too-large'] as const)(
    'a file that becomes %s is a broken edit',
    async (problem) => {
      const house = start()
      house.files.set(PATH, { problem })
      house.touch('config.yaml')
      await house.clock.advance(limits.configWatchDebounceMs)
      expect(house.changes).toMatchObject([{ kind: 'broken', diagnostics: [{ code: 'unreadable-file' }] }])
    },
  )

  it('does not care for other files of the directory, nor for a touch that changes nothing', async () => {
    const house = start()
    house.write(BETTER)
    house.touch('other.yaml')
    await house.clock.advance(limits.configWatchDebounceMs)
    expect(house.changes).toEqual([])
    house.write(GOOD)
    house.touch('config.yaml')
    await house.clock.advance(limits.configWatchDebounceMs)
    expect(house.changes).toEqual([])
  })

  it('looks by itself where no event comes', async () => {
    const house = start({ failing: true })
    house.write(BETTER)
    await house.clock.advance(limits.configPollMs)
    expect(house.changes).toHaveLength(1)
  })

  it('follows included files, also those that do not exist yet', async () => {
    const house = start({ text: 'include: [sub/models.yaml]' })
    expect([...house.watched].sort()).toEqual(['/etc/spillway', '/etc/spillway/sub'])
    house.files.set('/etc/spillway/sub/models.yaml', { text: 'model_list: []' })
    house.touch('models.yaml')
    await house.clock.advance(limits.configWatchDebounceMs)
    expect(house.changes).toMatchObject([{ kind: 'changed' }])
    house.write(GOOD)
    house.touch('config.yaml')
    await house.clock.advance(limits.configWatchDebounceMs)
    expect([...house.watched]).toEqual(['/etc/spillway'])
  })

  it('leaves nothing behind when closed', async () => {
    const house = start()
    house.write(BETTER)
    house.touch('config.yaml')
    house.watcher.close()
    await house.clock.advance(10 * limits.configPollMs)
    expect(house.changes).toEqual([])
    expect(house.clock.pending).toBe(0)
    expect([...house.watched]).toEqual([])
  })
})

describe('on a real file system', () => {
  const cleanups: (() => void)[] = []
  afterEach(() => {
    for (const cleanup of cleanups.splice(0)) cleanup()
  })

  it('sees a rename over the file, a removal, a directory in its place, and a symbolic link', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-watch-'))
    const path = join(folder, 'spillway.yaml')
    writeFileSync(path, GOOD)
    const inbox = createInbox()
    const read = (): ConfigResult => readConfig({ path, env: {}, readFile: readTextFile, findProvider })
    const clock = createSystemClock()
    const watcher = createConfigWatcher({ initial: read(), read, clock, watchDirectory, onChange: inbox.put })
    cleanups.push(
      () => watcher.close(),
      () => rmSync(folder, { recursive: true }),
    )

    writeFileSync(join(folder, 'new'), BETTER)
    renameSync(join(folder, 'new'), path)
    expect(await inbox.take()).toMatchObject({ kind: 'changed', result: { config: { mode: 'cloud-first' } } })
    rmSync(path)
    expect(await inbox.take()).toMatchObject({ kind: 'broken' })
    mkdirSync(path)
    expect(await inbox.take()).toMatchObject({
      kind: 'broken',
      diagnostics: [{ message: expect.stringContaining('directory') }],
    })
    rmSync(path, { recursive: true })
    writeFileSync(join(folder, 'target.yaml'), GOOD)
    symlinkSync(join(folder, 'target.yaml'), path)
    let change = await inbox.take()
    if (change.kind === 'broken') change = await inbox.take()
    expect(change).toMatchObject({ kind: 'changed', result: { config: { mode: 'local-only' } } })
  })
})

interface House {
  readonly clock: FakeClock
  readonly changes: ConfigChange[]
  readonly files: Map<string, FileText>
  /** Directories that are being watched. */
  readonly watched: Set<string>
  readonly watcher: ConfigWatcher
  write(text: string): void
  /** An event of the directory. */
  touch(name: string): void
}

function start({ text = GOOD, failing = false } = {}): House {
  const clock = createFakeClock()
  const changes: ConfigChange[] = []
  const files = new Map<string, FileText>([[PATH, { text }]])
  const watched = new Map<string, (name: string) => void>()
  const watch: WatchDirectory = (path, listener) => {
    if (failing) throw new Error('no watches left')
    watched.set(path, (name) => listener.changed(name))
    return { close: () => void watched.delete(path) }
  }
  const readFile = (path: string): FileText => files.get(path) ?? { problem: 'missing' }
  const read = (): ConfigResult => readConfig({ path: PATH, env: {}, readFile, findProvider })
  const watcher = createConfigWatcher({
    initial: read(),
    read,
    clock,
    watchDirectory: watch,
    onChange: (change) => changes.push(change),
  })
  return {
    clock,
    changes,
    files,
    watcher,
    get watched() {
      return new Set(watched.keys())
    },
    write: (next) => files.set(PATH, { text: next }),
    touch: (name) => [...watched.values()].forEach((fire) => fire(name)),
  }
}

/** Changes in the order of their coming, each awaited. */
function createInbox(): { put(change: ConfigChange): void; take(): Promise<ConfigChange> } {
  const waiting: ((change: ConfigChange) => void)[] = []
  const arrived: ConfigChange[] = []
  return {
    put: (change) => {
      const next = waiting.shift()
      if (next === undefined) arrived.push(change)
      else next(change)
    },
    take: () => {
      const next = arrived.shift()
      return next === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(next)
    },
  }
}
