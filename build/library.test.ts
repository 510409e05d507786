import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const run = promisify(execFile)
const manifest: {
  readonly main: string
  readonly files: readonly string[]
  readonly exports: { readonly '.': { readonly types: string; readonly default: string } }
} = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const entry = manifest.exports['.']

/** The package as another program gets it: built, by its name. */
describe.skipIf(!existsSync(join(ROOT, entry.default)))('the package as a library (needs npm run build)', () => {
  it('runs its example', async () => {
    const { stdout } = await run(process.execPath, ['examples/in-process.ts'], { cwd: ROOT })
    expect(stdout).toContain('In process: [spillway/echo, a built-in test model] You said: Hello from this process')
    expect(stdout).toContain(
      'Through the port: [spillway/echo, a built-in test model] You said: Hello through the port',
    )
    expect(stdout.match(/program asked for mine: 200 from spillway\/echo/g)).toHaveLength(2)
    expect(stdout).toContain('Refused: config.models.mine: There is no provider "no-such-provider".')
  })

  it('can be required, as older programs do', async () => {
    const program = "console.log(Object.keys(require('spillway')).sort().join())"
    const { stdout } = await run(process.execPath, ['--input-type=commonjs', '-e', program], { cwd: ROOT })
    expect(stdout.trim()).toBe('StartError,createGateway')
  })

  it('is packed with its types, each of which refers only to files that are there', () => {
    const folders = manifest.files.map((file) => `./${file}/`)
    for (const path of Object.values(entry)) expect(folders.some((folder) => path.startsWith(folder))).toBe(true)
    const seen = new Set<string>()
    const follow = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/from '([^']+)'/g)) {
        expect([file, path]).toEqual([file, expect.stringMatching(/^\.{1,2}\/.*\.js$/)])
        follow(join(file, '..', path.replace(/\.js$/, '.d.ts')))
      }
    }
    follow(join(ROOT, entry.types))
    expect(seen.size).toBeGreaterThan(5)
  })
})

it('leaves the desktop shell its own entry', () => {
  expect(manifest.main).toBe('dist/electron/main.js')
})
