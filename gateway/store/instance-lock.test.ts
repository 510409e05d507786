import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { claimDataDir, DataDirInUseError } from './instance-lock.ts'
import type { InstanceLock } from './instance-lock.ts'
import { temporaryFolder } from './test/samples.ts'

it('lets one process in, tells the next one which it is, and is free when that one was killed', async () => {
  const dataDir = temporaryFolder()
  const other = spawn(process.execPath, ['--input-type=module', '-e', holderOf(dataDir)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void other.kill('SIGKILL'))
  await once(other.stdout, 'data')

  const refused = claimDataDir(dataDir, process.pid)
  expect(refused).toBeInstanceOf(DataDirInUseError)
  expect(refused).toMatchObject({ pid: other.pid, message: expect.stringContaining(`process ${other.pid}`) })

  other.kill('SIGKILL')
  await once(other, 'exit')
  claimed(claimDataDir(dataDir, process.pid)).release()
})

it('is given back by release, and holds inside one process too', () => {
  const dataDir = temporaryFolder()
  const lock = claimed(claimDataDir(dataDir, 41))
  expect(claimDataDir(dataDir, 42)).toMatchObject({ pid: 41 })
  lock.release()
  lock.release()
  claimed(claimDataDir(dataDir, 42)).release()
})

it('does not stand in the way where nothing can be kept anyway', () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  expect(claimDataDir(file, 1)).not.toBeInstanceOf(DataDirInUseError)
})

function claimed(result: InstanceLock | DataDirInUseError): InstanceLock {
  if (result instanceof DataDirInUseError) throw result
  return result
}

function holderOf(dataDir: string): string {
  return `
    import { claimDataDir } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'instance-lock.ts')).href)}
    claimDataDir(${JSON.stringify(dataDir)}, process.pid)
    console.log('held')
    process.stdin.resume()
  `
}
