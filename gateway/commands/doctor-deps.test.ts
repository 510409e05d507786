import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../store/test/samples.ts'
import { createDoctor } from './doctor-deps.ts'
import { recordedIo } from './test/recorded-io.ts'

it.each([[['--what']], [['extra']], [['--config']]])('%j is bad usage', async (args) => {
  const io = recordedIo()
  const doctor = createDoctor({ dataDir: temporaryFolder(), defaultConfigPath: undefined })
  expect([await doctor(args, io), io.errorLines]).toEqual([2, ['Usage: spillway doctor [--config FILE]']])
})

it('looks at the configuration that is named, not at the one in the data folder', async () => {
  const dataDir = temporaryFolder()
  const config = join(dataDir, 'named.yaml')
  writeFileSync(config, 'modells: {}\n')
  const io = recordedIo()
  const asked = createDoctor({ dataDir, defaultConfigPath: join(dataDir, 'spillway.yaml') })(['--config', config], io)
  await io.clock.advance(60_000)
  expect(await asked).toBe(1)
  expect(io.outLines.join('\n')).toContain(`${config}:1:1: There is no key "modells"`)
})
