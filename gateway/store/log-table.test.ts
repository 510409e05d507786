import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RequestLog } from '../contract/request-log.ts'
import { openDatabase } from './database.ts'
import { readStatusFilter } from './log-query.ts'
import type { LogQuery } from './log-query.ts'
import { createLogTable } from './log-table.ts'
import type { LogTable } from './log-table.ts'
import { logsMigrations } from './migrations/logs.ts'
import { DAY_MS, sampleRow, temporaryFolder } from './test/samples.ts'

const NOW_MS = 1_800_000_000_000
const RULES = { keepDays: 30, maxMb: 512, responses: true }

describe('rows', () => {
  it('come back as they went in', () => {
    const table = openTable()
    const full = sampleRow('r1', {
      failure: 'cut',
      failureMessage: 'it ended early',
      costUsd: 0.000_12,
      usage: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4, reasoning: 5 },
    })
    const bare = sampleRow('r2', {
      target: undefined,
      locality: undefined,
      lane: undefined,
      finish: undefined,
      usage: undefined,
      firstTokenMs: undefined,
      attempts: [],
      dropped: [],
      stream: false,
    })
    table.insert([full, bare])
    expect(table.select({ limit: 10 })).toEqual([
      { seq: 1, ...full },
      { seq: 2, ...bare },
    ])
  })

  it('that are written twice are there once', () => {
    const table = openTable()
    table.insert([sampleRow('a'), sampleRow('b')])
    table.insert([sampleRow('a'), sampleRow('b'), sampleRow('c')])
    expect(idsOf(table, { limit: 10 })).toEqual(['a', 'b', 'c'])
  })

  it('have a bounded size, whatever a client or an upstream put into them', () => {
    const table = openTable()
    const long = 'x'.repeat(100_000)
    const attempts = sampleRow('').attempts.map((attempt) => ({ ...attempt, message: long }))
    table.insert([
      sampleRow('long', {
        model: long,
        failureMessage: long,
        attempts: Array.from({ length: 500 }, () => attempts).flat(),
        dropped: Array.from({ length: 500 }, () => ({ target: 't', by: 'mode', why: long })),
        usage: { input: Number.NaN, output: 1.4 },
      }),
    ])
    const [row] = table.select({ limit: 1 })
    expect(JSON.stringify(row).length).toBeLessThan(60_000)
    expect(row?.usage).toEqual({ input: 0, output: 1 })
  })
})

describe('select', () => {
  const table = openTable()
  table.insert([
    sampleRow('a', { app: 'editor', model: 'coder' }),
    sampleRow('b', {
      app: 'shell',
      model: 'chat',
      status: 429,
      outcome: 'error',
      failureMessage: 'slow down 100% now',
    }),
    sampleRow('c', { app: 'editor', model: 'chat', status: 502, outcome: 'truncated', target: 'openai/gpt_4o' }),
    sampleRow('d', { app: 'shell', model: 'coder', status: 499, outcome: 'cancelled', target: 'openai/gptx4o' }),
  ])

  it.each([
    [{ limit: 10 }, ['a', 'b', 'c', 'd']],
    [{ limit: 2 }, ['c', 'd']],
    [{ limit: 2, afterSeq: 1 }, ['b', 'c']],
    [{ limit: 10, afterSeq: 4 }, []],
    [{ limit: 10, app: 'editor' }, ['a', 'c']],
    [{ limit: 10, app: 'editor', model: 'chat' }, ['c']],
    [{ limit: 10, target: 'ollama/qwen3' }, ['a', 'b']],
    [{ limit: 10, text: '100%' }, ['b']],
    [{ limit: 10, text: 'GPT_4o' }, ['c']],
    [{ limit: 10, text: "' OR 1=1 --" }, []],
    [{ limit: 0 }, ['d']],
    [{ limit: Number.NaN }, ['d']],
  ] satisfies [LogQuery, string[]][])('%j', (query, ids) => {
    expect(idsOf(table, query)).toEqual(ids)
  })

  it.each([
    ['429', ['b']],
    ['4xx', ['b', 'd']],
    ['5XX', ['c']],
    ['ok', ['a']],
    ['truncated', ['c']],
    ['cancelled', ['d']],
  ])('status %s', (text, ids) => {
    const status = readStatusFilter(text)
    expect(status === undefined ? undefined : idsOf(table, { limit: 10, status })).toEqual(ids)
  })

  it.each(['', '42', '6xx', '4292', 'fine', 'constructor'])('%j is no status', (text) => {
    expect(readStatusFilter(text)).toBeUndefined()
  })
})

describe('prune', () => {
  it('deletes what is older than the rule says, a chunk at a time', () => {
    const table = openTable()
    table.insert(rows(1_200, (index) => NOW_MS - (index < 1_100 ? 31 : 29) * DAY_MS))
    expect(table.prune(RULES, NOW_MS)).toBe(true)
    expect(table.size().rows).toBe(700)
    expect(pruneAll(table)).toBeGreaterThan(0)
    expect(table.size().rows).toBe(100)
  })

  it('does nothing where nothing is due', () => {
    const table = openTable()
    table.insert(rows(10, () => NOW_MS))
    expect(table.prune(RULES, NOW_MS)).toBe(false)
    expect(table.size().rows).toBe(10)
  })

  it('keeps 100,000 rows within the size, the newest of them, and gives the disk back', () => {
    const file = join(temporaryFolder(), 'logs.db')
    const database = openDatabase({ file, durability: 'normal', migrations: logsMigrations })
    const table = createLogTable(database)
    for (let batch = 0; batch < 20; batch += 1) table.insert(rows(5_000, () => NOW_MS, batch * 5_000))
    const fullBytes = table.size().bytes
    pruneAll(table, { keepDays: 30, maxMb: 8, responses: true })
    const { rows: left, bytes } = table.size()
    expect(fullBytes).toBeGreaterThan(30 * 1024 * 1024)
    expect(bytes).toBeLessThanOrEqual(8 * 1024 * 1024)
    expect(bytes).toBeGreaterThan(7 * 1024 * 1024)
    expect(idsOf(table, { limit: 1 })).toEqual(['row-99999'])
    expect(table.select({ limit: 1, afterSeq: 0 })[0]?.seq).toBe(100_000 - left + 1)
    database.pragma('wal_checkpoint(TRUNCATE)')
    expect(statSync(file).size).toBeLessThan(9 * 1024 * 1024)
  })
})

function openTable(): LogTable {
  return createLogTable(openDatabase({ file: ':memory:', durability: 'normal', migrations: logsMigrations }))
}

function rows(count: number, atMs: (index: number) => number, firstIndex = 0): RequestLog[] {
  return Array.from({ length: count }, (_value, index) => sampleRow(`row-${firstIndex + index}`, { atMs: atMs(index) }))
}

function pruneAll(table: LogTable, rules = RULES): number {
  let steps = 0
  while (table.prune(rules, NOW_MS) && steps < 10_000) steps += 1
  return steps
}

function idsOf(table: LogTable, query: LogQuery): string[] {
  return table.select(query).map(({ id }) => id)
}
