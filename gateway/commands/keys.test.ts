import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../store/test/samples.ts'
import { createKeysCommand } from './keys.ts'
import { recordedIo } from './test/recorded-io.ts'

describe('spillway keys', () => {
  it('shows a key once, alone on standard output, and keeps only its hash', async () => {
    const { dataDir, run } = start()
    const made = await run('create', 'editor')
    expect([made.code, made.outLines]).toEqual([0, ['sk-sw-secret-1']])
    const listed = await run('list')
    expect(listed.outLines).toEqual([expect.stringMatching(/^editor {2}…et-1 {2}app_\w+ {2}made 2023-11-14 {2}works$/)])
    expect(readFileSync(join(dataDir, 'ledger.db')).includes('sk-sw-secret')).toBe(false)
  })

  it('revokes by name', async () => {
    const { run } = start()
    await run('create', 'editor')
    expect(await run('revoke', 'editor')).toMatchObject({ code: 0, outLines: ['Revoked the key of "editor" (…et-1).'] })
    expect((await run('list')).outLines[0]).toContain('revoked 2023-11-14')
    expect(await run('revoke', 'editor')).toMatchObject({ code: 1, outLines: [] })
  })

  it('refuses a name that is taken', async () => {
    const { run } = start()
    await run('create', 'editor')
    const again = await run('create', 'editor')
    expect(again).toMatchObject({ code: 1, outLines: [], errorLines: [expect.stringContaining('already')] })
  })

  it.each([[], ['create'], ['create', 'a', 'b'], ['list', 'a'], ['rotate', 'a'], ['constructor', 'a']])(
    'explains itself for %j',
    async (...args) => {
      expect(await start().run(...args)).toMatchObject({
        code: 2,
        outLines: [],
        errorLines: [expect.stringContaining('Usage')],
      })
    },
  )

  it('never pretends to have made a key where it cannot be kept', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    const { run } = start(file)
    expect(await run('create', 'editor')).toMatchObject({ code: 1, outLines: [] })
  })
})

function start(dataDir = temporaryFolder()) {
  let count = 0
  const newKey = () => {
    count += 1
    const key = `sk-sw-secret-${count}`
    return { key, sha256: createHash('sha256').update(key).digest('hex'), last4: key.slice(-4) }
  }
  const command = createKeysCommand({ dataDir, newKey })
  const run = async (...args: readonly string[]) => {
    const io = recordedIo()
    const code = await command(args, io)
    return { code, outLines: io.outLines, errorLines: io.errorLines }
  }
  return { dataDir, run }
}
