import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { limits } from '../contract/limits.ts'
import type { StoredResponse } from '../contract/stored-response.ts'
import { openResponseFile, type ResponseFile } from './response-file.ts'
import { RESPONSES_FILE } from './data-folder.ts'
import { DAY_MS, temporaryFolder } from './test/samples.ts'

const NOW_MS = 1_800_000_000_000

function sample(id: string, changes: Partial<StoredResponse> = {}): StoredResponse {
  return { id, appId: 'app', atMs: NOW_MS, responseJson: '{"id":"r"}', itemsJson: '[1]', ...changes }
}

function openIn(dataDir: string | undefined, notices: string[] = []): ResponseFile {
  return openResponseFile({ dataDir, nowMs: () => NOW_MS, notice: (message) => notices.push(message) })
}

describe('stored responses', () => {
  it.each([['in a file'], ['in memory']])('are found again by their app alone, and can be deleted: %s', (place) => {
    const file = openIn(place === 'in a file' ? temporaryFolder() : undefined)
    file.save(sample('r1'))
    file.save(sample('r2', { itemsJson: undefined }))
    expect(file.load('r1', 'app')).toEqual(sample('r1'))
    expect(file.load('r2', 'app')?.itemsJson).toBeUndefined()
    expect(file.load('r1', 'other')).toBeUndefined()
    expect(file.remove('r1', 'other')).toBe(false)
    expect([file.remove('r1', 'app'), file.remove('r1', 'app')]).toEqual([true, false])
    expect(file.load('r1', 'app')).toBeUndefined()
    file.close()
  })

  it('survive a restart, and are for their owner alone', () => {
    const folder = temporaryFolder()
    const before = openIn(folder)
    before.save(sample('r1'))
    before.close()
    expect(statSync(join(folder, RESPONSES_FILE)).mode & 0o077).toBe(0)
    const after = openIn(folder)
    expect(after.load('r1', 'app')).toEqual(sample('r1'))
    after.close()
  })

  it('make no file until there is one to keep', () => {
    const folder = temporaryFolder()
    const file = openIn(folder)
    expect(file.load('r1', 'app')).toBeUndefined()
    file.prune(NOW_MS)
    file.close()
    expect(() => statSync(join(folder, RESPONSES_FILE))).toThrow('ENOENT')
  })

  it('go when they are too old or too many', () => {
    const file = openIn(undefined)
    file.save(sample('young'))
    file.save(sample('old', { atMs: NOW_MS - (limits.storedResponseDays + 1) * DAY_MS }))
    expect([file.load('old', 'app'), file.load('young', 'app')?.id]).toEqual([undefined, 'young'])
    for (let count = 0; count < limits.storedResponses; count++) file.save(sample(`r${count}`))
    expect([file.load('young', 'app'), file.load('r5', 'app')?.id]).toEqual([undefined, 'r5'])
    file.close()
  })

  it('go when they take too much room, the oldest first', () => {
    const file = openIn(undefined)
    const large = 'x'.repeat(limits.storedResponsesBytes / 4)
    for (const id of ['r1', 'r2', 'r3', 'r4', 'r5']) file.save(sample(id, { responseJson: large }))
    expect(['r1', 'r2', 'r3', 'r4', 'r5'].filter((id) => file.load(id, 'app') !== undefined)).toEqual([
      'r3',
      'r4',
      'r5',
    ])
    file.close()
  })

  it('begin anew when the file is damaged, and say so', () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, RESPONSES_FILE), 'this is no database, whatever its name says. '.repeat(100))
    const notices: string[] = []
    const file = openIn(folder, notices)
    file.save(sample('r1'))
    expect(file.load('r1', 'app')?.id).toBe('r1')
    expect(notices.join('\n')).toContain('was damaged')
    file.close()
  })
})
