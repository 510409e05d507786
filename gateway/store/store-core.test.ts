import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { isFailure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { RequestLog } from '../contract/request-log.ts'
import { createFakeClock } from '../kit/fake-clock.ts'
import type { AppKey } from './key-table.ts'
import type { LedgerState } from './ledger-file.ts'
import { openKeyLedger } from './ledger-file.ts'
import type { StoreRequest } from './protocol.ts'
import { createStoreCore } from './store-core.ts'
import { DAY_MS, sampleKey, sampleRow, temporaryFolder } from './test/samples.ts'

const GARBAGE = 'not a database at all, however long one looks at it. '.repeat(200)

describe('log file', () => {
  it('keeps a damaged log aside and begins a new one', () => {
    const dataDir = temporaryFolder()
    writeFileSync(join(dataDir, 'logs.db'), GARBAGE)
    const core = start(dataDir)
    expect(core.notices).toEqual([expect.stringContaining('logs.db was damaged')])
    expect(core.ask(writing([sampleRow('a')]))).toEqual({ written: 1 })
    const aside = readdirSync(dataDir).filter((name) => name.startsWith('logs.db.corrupt-'))
    expect(aside.map((name) => readFileSync(join(dataDir, name), 'utf8'))).toEqual([GARBAGE])
  })

  it('keeps only the newest damaged logs', () => {
    const dataDir = temporaryFolder()
    for (const day of ['01', '02', '03', '04']) writeFileSync(join(dataDir, `logs.db.corrupt-202101${day}T000000Z`), '')
    writeFileSync(join(dataDir, 'logs.db'), GARBAGE)
    start(dataDir)
    const aside = readdirSync(dataDir).filter((name) => name.startsWith('logs.db.corrupt-'))
    expect(aside).toHaveLength(limits.quarantinedLogs)
    expect(aside).not.toContain('logs.db.corrupt-20210102T000000Z')
  })

  it('replaces a log that is damaged while it is in use', () => {
    const dataDir = temporaryFolder()
    const core = start(dataDir)
    core.ask(writing([sampleRow('a')]))
    const saboteur = new Database(join(dataDir, 'logs.db'))
    saboteur.unsafeMode(true)
    saboteur.pragma('writable_schema = ON')
    saboteur.exec("UPDATE sqlite_schema SET rootpage = 9999 WHERE name = 'requests'")
    saboteur.pragma('schema_version = 7')
    saboteur.close()
    expect(core.ask(writing([sampleRow('b')]))).toEqual({ written: 1 })
    expect(core.notices).toEqual([expect.stringContaining('logs.db was damaged')])
  })

  it('counts rows while writing fails, says so once, and goes on when it works again', () => {
    const dataDir = temporaryFolder()
    const core = start(dataDir)
    const other = new Database(join(dataDir, 'logs.db'))
    other.exec('ALTER TABLE requests RENAME TO hidden')
    expect(core.ask(writing([sampleRow('a'), sampleRow('b')]))).toEqual({ written: 0 })
    expect(core.ask(writing([sampleRow('c')]))).toEqual({ written: 0 })
    other.exec('ALTER TABLE hidden RENAME TO requests')
    expect(core.ask(writing([sampleRow('d')]))).toEqual({ written: 1 })
    expect(core.notices).toEqual([
      expect.stringContaining('cannot be written'),
      'Request logs are written again; 3 rows were lost.',
    ])
  })

  it('moves rows from memory to disk as soon as the file can be opened', async () => {
    const dataDir = temporaryFolder()
    const newer = new Database(join(dataDir, 'logs.db'))
    newer.pragma('user_version = 99')
    const core = start(dataDir)
    core.ask(writing([sampleRow('a')]))
    expect(core.ask({ type: 'size' })).toMatchObject({ rows: 1, place: 'memory' })
    newer.pragma('user_version = 0')
    newer.close()
    await core.clock.advance(limits.logRetentionIntervalMs * 2)
    expect(core.ask({ type: 'size' })).toMatchObject({ rows: 1, place: 'file' })
    expect(core.notices).toEqual([expect.stringContaining('schema 99'), 'Request logs are kept on disk again.'])
  })

  it('runs retention by itself', async () => {
    const core = start(temporaryFolder())
    const oldMs = core.clock.nowMs() - 31 * DAY_MS
    core.ask(writing(Array.from({ length: 1_300 }, (_v, i) => sampleRow(`old-${i}`, { atMs: oldMs }))))
    core.ask(writing([sampleRow('new', { atMs: core.clock.nowMs() })]))
    await core.clock.advance(limits.logRetentionIntervalMs)
    expect(core.ask({ type: 'size' })).toMatchObject({ rows: 1 })
  })

  it('leaves one plain file behind when it is closed', () => {
    const dataDir = temporaryFolder()
    const core = start(dataDir)
    core.ask(writing([sampleRow('a')]))
    core.ask({ type: 'close' })
    expect(readdirSync(dataDir).sort()).toEqual(['ledger.db', 'logs.db'])
    expect(core.clock.pending).toBe(0)
  })
})

describe('ledger file', () => {
  it('sees keys that another process makes and revokes, and tells only of real changes', async () => {
    const dataDir = temporaryFolder()
    const core = start(dataDir)
    const other = openKeyLedger(dataDir)
    if (isFailure(other)) throw new Error(other.message)
    other.create(sampleKey('editor'), 1)
    await core.clock.advance(limits.ledgerPollMs)
    other.revoke('editor', 2)
    await core.clock.advance(limits.ledgerPollMs * 3)
    expect(core.keys.map((keys) => keys.map((key) => [key.name, key.revokedAtMs]))).toEqual([
      [],
      [['editor', undefined]],
      [['editor', 2]],
    ])
  })

  it('forgets every key when it is damaged, keeps the file aside for ever, and lets new keys be made', () => {
    const dataDir = temporaryFolder()
    writeFileSync(join(dataDir, 'ledger.db'), GARBAGE)
    const core = start(dataDir)
    expect(core.notices).toEqual([expect.stringContaining('CorruptDatabaseError: ledger.db was damaged')])
    expect([core.keys, core.ledger()]).toEqual([[[]], 'reset'])
    expect(core.ask({ type: 'create-key', key: sampleKey('editor') })).toMatchObject({ name: 'editor' })
    expect(core.ledger()).toBe('reset')
    expect(readdirSync(dataDir).some((name) => name.startsWith('ledger.db.corrupt-'))).toBe(true)
  })

  it('of a later Spillway is not touched: no key works and none can be made', () => {
    const dataDir = temporaryFolder()
    const newer = new Database(join(dataDir, 'ledger.db'))
    newer.pragma('user_version = 99')
    newer.close()
    const before = readFileSync(join(dataDir, 'ledger.db'))
    const core = start(dataDir)
    expect(core.notices).toEqual([expect.stringContaining('NewerSchemaError')])
    expect([core.keys, core.ledger()]).toEqual([[[]], 'unavailable'])
    expect(isFailure(core.ask({ type: 'create-key', key: sampleKey('editor') }))).toBe(true)
    expect(readFileSync(join(dataDir, 'ledger.db')).subarray(60, 64)).toEqual(before.subarray(60, 64))
    expect(core.ask(writing([sampleRow('a')]))).toEqual({ written: 1 })
  })

  it('is left alone by a command when it is damaged', () => {
    const dataDir = temporaryFolder()
    writeFileSync(join(dataDir, 'ledger.db'), GARBAGE)
    expect(isFailure(openKeyLedger(dataDir))).toBe(true)
    expect(readdirSync(dataDir)).toEqual(['ledger.db'])
  })
})

describe('data folder', () => {
  it('that cannot be one: everything works in memory, and one notice says so', () => {
    const dataDir = join(temporaryFolder(), 'file')
    writeFileSync(dataDir, '')
    const core = start(dataDir)
    expect(core.notices).toEqual([expect.stringContaining('in memory for this run only')])
    expect(core.ask(writing([sampleRow('a')]))).toEqual({ written: 1 })
    expect(core.ask({ type: 'create-key', key: sampleKey('editor') })).toMatchObject({ name: 'editor' })
    expect([core.ledger(), core.ask({ type: 'size' })]).toMatchObject(['memory', { rows: 1, place: 'memory' }])
  })

  it('that vanishes under a running server does not stop it', () => {
    const dataDir = join(temporaryFolder(), 'data')
    const core = start(dataDir)
    rmSync(dataDir, { recursive: true })
    expect(core.ask(writing([sampleRow('a')]))).toEqual({ written: 1 })
    expect(core.ask({ type: 'query', query: { limit: 10 } })).toMatchObject([{ id: 'a' }])
    expect(core.ask({ type: 'close' })).toBeNull()
  })

  it.skipIf(process.platform === 'win32')(
    'belongs to its owner alone (skipped on Windows, which has no such modes)',
    () => {
      const parent = temporaryFolder()
      start(join(parent, 'deep', 'data'))
      expect(statSync(join(parent, 'deep', 'data')).mode & 0o777).toBe(0o700)
      expect(existsSync(join(parent, 'deep', 'data', 'ledger.db'))).toBe(true)
    },
  )
})

function writing(rows: readonly RequestLog[]): StoreRequest {
  return { type: 'write', rowsJson: JSON.stringify(rows) }
}

function start(dataDir: string) {
  const clock = createFakeClock()
  const notices: string[] = []
  const keys: (readonly AppKey[])[] = []
  const replies = new Map<number, unknown>()
  let ledger: LedgerState | undefined
  const core = createStoreCore({
    settings: { dataDir, logs: { keepDays: 30, maxMb: 512, responses: true } },
    clock,
    send: (message) => {
      if (message.type === 'notice') notices.push(message.message)
      if (message.type === 'reply') replies.set(message.id, message.value)
      if (message.type !== 'keys') return
      keys.push(message.keys)
      ledger = message.ledger
    },
  })
  let id = 0
  const ask = (request: StoreRequest): unknown => {
    id += 1
    core.handle({ id, request })
    return replies.get(id)
  }
  return { clock, notices, keys, ledger: () => ledger, ask }
}
