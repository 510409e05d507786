import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import Ajv from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { drawIcon } from '../electron/icon.ts'

const ROOT = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const config: unknown = parse(read('build/electron-builder.yml'))

/** What is drawn; the bytes themselves differ between builds of zlib. */
function pixels(png: Buffer): Buffer {
  const at = png.indexOf('IDAT')
  return inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)))
}

/** Packaging needs downloads; what can be wrong before them is checked here. */
describe('electron-builder.yml', () => {
  const schema = JSON.parse(read('node_modules/app-builder-lib/scheme.json'))
  const validate = new Ajv.default({ allErrors: true, strict: false, logger: false }).compile(schema)

  it('is what the installed electron-builder takes', () => {
    validate(config)
    expect(validate.errors ?? []).toEqual([])
  })

  it('is held against a schema that knows a wrong key', () => {
    expect(validate({ appId: 'x', asarr: true })).toBe(false)
  })

  it('packs what the app loads, without leave to run as plain Node', () => {
    expect(config).toMatchObject({
      files: expect.arrayContaining(['dist/electron/**', 'dist/renderer/**', 'package.json']),
      electronFuses: {
        runAsNode: false,
        enableNodeOptionsEnvironmentVariable: false,
        enableNodeCliInspectArguments: false,
        onlyLoadAppFromAsar: true,
        enableEmbeddedAsarIntegrityValidation: true,
      },
    })
    expect(JSON.parse(read('package.json'))).toMatchObject({ main: 'dist/electron/main.js' })
  })

  it('has the icon that the code draws, large enough for every system', () => {
    const icon = readFileSync(join(ROOT, 'build/icons/icon.png'))
    expect(pixels(icon).equals(pixels(drawIcon(1_024)))).toBe(true)
    expect([icon.readUInt32BE(16), icon.readUInt32BE(20)]).toEqual([1_024, 1_024])
  })
})
