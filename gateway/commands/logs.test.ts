import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { limits } from '../contract/limits.ts'
import { openDatabase } from '../store/database.ts'
import { createLogTable } from '../store/log-table.ts'
import { logsMigrations } from '../store/migrations/logs.ts'
import { sampleRow, temporaryFolder } from '../store/test/samples.ts'
import { createLogsCommand } from './logs.ts'
import { recordedIo } from './test/recorded-io.ts'

describe('spillway logs', () => {
  it('shows one request per line, with where it was answered and why', async () => {
    const { run } = start([
      sampleRow('a'),
      sampleRow('b', {
        status: 502,
        outcome: 'error',
        target: undefined,
        locality: undefined,
        usage: undefined,
        firstTokenMs: undefined,
        totalMs: 12_340,
        failure: 'unreachable',
        failureMessage: 'Ollama is off. Start it with: ollama serve',
      }),
    ])
    const { code, outLines } = await run()
    expect(code).toBe(0)
    expect(outLines.map((line) => line.slice(21))).toEqual([
      'APP           MODEL -> TARGET                               WHERE    STATUS              IN/OUT    FIRST    TOTAL  WHY',
      'editor        coder -> ollama/qwen3                         device   200 ok               12/34    121ms    901ms  tier-1',
      'editor        coder -> (none)                               -        502 error                -        -    12.3s  tier-1: unreachable Ollama is off. Start it with: ollama serve',
    ])
    expect(outLines[1]).toMatch(/^2023-11-1[345] \d\d:\d\d:\d\d {2}/)
  })

  it('tells what was changed on the way, and that tokens were counted here', async () => {
    const repaired = { field: 'tool_calls[0]', did: 'repaired', why: 'was text', matters: false } as const
    const dropped = { field: 'seed', did: 'dropped', why: 'is not known', matters: false } as const
    const { run } = start([sampleRow('a', { usageEstimated: true, conversions: [dropped, repaired] })])
    const { outLines } = await run()
    expect(outLines[1]).toContain(' ~12/34 ')
    expect(outLines[1]).toMatch(/tier-1 \[seed dropped, tool_calls\[0\] repaired\]$/)
  })

  it('writes JSON lines that are whole rows', async () => {
    const row = sampleRow('a')
    const { outLines } = await start([row]).run('--json')
    expect(outLines.map((line): unknown => JSON.parse(line))).toEqual([{ seq: 1, ...JSON.parse(JSON.stringify(row)) }])
  })

  it.each([
    [['--limit', '1'], ['c']],
    [
      ['--app', 'shell'],
      ['b', 'c'],
    ],
    [['--app', 'shell', '--status', '4xx'], ['c']],
    [
      ['--model', 'coder', '-n', '2'],
      ['b', 'c'],
    ],
    [['--text', 'nowhere'], []],
  ])('%j', async (args, ids) => {
    const rows = [sampleRow('a'), sampleRow('b', { app: 'shell' }), sampleRow('c', { app: 'shell', status: 429 })]
    const { outLines } = await start(rows).run('--json', ...args)
    expect(outLines.map((line) => JSON.parse(line).id)).toEqual(ids)
  })

  it('follows: every new row once, in order, until it is stopped', async () => {
    const { table, command, stop } = start([sampleRow('old'), sampleRow('newest')])
    const io = recordedIo()
    const done = command(['--follow', '--json', '--limit', '1'], io)
    await io.clock.advance(limits.logFollowMs)
    table.insert([sampleRow('x'), sampleRow('y')])
    await io.clock.advance(limits.logFollowMs * 3)
    table.insert([sampleRow('z')])
    await io.clock.advance(limits.logFollowMs)
    stop.abort()
    expect(await done).toBe(0)
    expect(io.outLines.map((line) => JSON.parse(line).id)).toEqual(['newest', 'x', 'y', 'z'])
  })

  it('does not let a model name steer the terminal', async () => {
    const { outLines } = await start([sampleRow('a', { model: 'x\u001B[2J\u0007\nfake line' })]).run()
    expect(outLines).toHaveLength(2)
    expect(outLines.join('')).not.toMatch(/\p{C}/u)
  })

  it.each([['--limit', '0'], ['--limit', 'many'], ['--status', 'fine'], ['--nonsense'], ['stray']])(
    'explains itself for %j %j',
    async (...args) => {
      const { code, errorLines } = await start([]).run(...args.filter((arg) => typeof arg === 'string'))
      expect([code, errorLines.at(-1)]).toEqual([2, expect.stringContaining('Usage: spillway logs')])
    },
  )

  it('says so where there is no log yet', async () => {
    const io = recordedIo()
    const code = await createLogsCommand({ dataDir: temporaryFolder(), stop: new AbortController().signal })([], io)
    expect([code, io.errorLines]).toEqual([1, [expect.stringContaining('no log')]])
  })
})

function start(rows: Parameters<ReturnType<typeof createLogTable>['insert']>[0]) {
  const dataDir = temporaryFolder()
  const file = join(dataDir, 'logs.db')
  const table = createLogTable(openDatabase({ file, durability: 'normal', migrations: logsMigrations }))
  table.insert(rows)
  const stop = new AbortController()
  const command = createLogsCommand({ dataDir, stop: stop.signal })
  const run = async (...args: readonly string[]) => {
    const io = recordedIo()
    return { code: await command(args, io), outLines: io.outLines, errorLines: io.errorLines }
  }
  return { table, command, stop, run }
}
