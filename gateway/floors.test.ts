import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

/**
 * The house has floors, and an import only goes down. Folders on one floor never import one another, so that
 * each can be read alone. This test reads every import of the product and holds it against the tables below.
 */
const FLOORS: Readonly<Record<string, number>> = {
  contract: 0,
  kit: 1,
  dialects: 2,
  providers: 2,
  routing: 2,
  accounts: 2,
  config: 2,
  sensors: 2,
  store: 2,
  engine: 3,
  http: 4,
  control: 4,
  demo: 4,
  commands: 6,
}
/** Files directly in `gateway/`: composition below the commands, the command line above them. */
const GATEWAY_FLOOR = 5
const CLI_FLOOR = 7
const SHELL_FLOOR = 8

/** Package or name -> the only places that may use it, and why. */
const RESERVED: readonly { readonly what: RegExp; readonly only: RegExp; readonly why: string }[] = [
  { what: /^express$/, only: /^gateway\/http\//, why: 'one web framework, at the edge' },
  { what: /^better-sqlite3$/, only: /^gateway\/store\//, why: 'storage has one owner' },
  { what: /^systeminformation$/, only: /^gateway\/sensors\//, why: 'it blocks; sensors run off the request path' },
  { what: /^undici$/, only: /^gateway\/engine\/upstream/, why: 'every upstream socket is opened in one place' },
  { what: /^zod$/, only: /^gateway\/(contract|config|control)\//, why: 'only what users write is validated by schema' },
  { what: /^yaml$/, only: /^gateway\/(config|store)\//, why: 'only configuration is YAML' },
  { what: /^electron$/, only: /^electron\//, why: 'the gateway runs without Electron' },
  { what: /^react/, only: /^renderer\//, why: 'the window is the only page' },
  {
    what: /^(node:)?child_process$/,
    only: /^(electron|build|gateway\/sensors)\//,
    why: 'no request may start a process',
  },
]

interface Import {
  readonly from: string
  readonly to: string
  readonly typeOnly: boolean
}

const ROOT = resolve(import.meta.dirname, '..')
const files = ['gateway', 'electron', 'renderer'].flatMap((folder) => sources(join(ROOT, folder)))
const production = files.filter((file) => !/\.test\.tsx?$|\/test\/|__fixtures__/.test(file))
const imports = production.flatMap(importsOf)

describe('floors', () => {
  it('reads a house worth checking', () => {
    expect(imports.length).toBeGreaterThan(50)
  })

  it('every folder of the gateway has a floor', () => {
    const folders = production.filter((file) => /^gateway\/[^/]+\//.test(file)).map((file) => file.split('/')[1] ?? '')
    expect([...new Set(folders)].filter((folder) => !(folder in FLOORS))).toEqual([])
  })

  it('an import goes only downward, and never to a neighbour', () => {
    const wrong = imports.filter(isUpward).map((i) => `${i.from} -> ${i.to}`)
    expect(wrong).toEqual([])
  })

  it('packages are used only where they belong', () => {
    const wrong = imports.flatMap((i) =>
      RESERVED.filter((rule) => rule.what.test(i.to) && !rule.only.test(i.from)).map(
        (rule) => `${i.from} imports ${i.to}: ${rule.why}`,
      ),
    )
    expect(wrong).toEqual([])
  })

  it('the contract imports nothing but itself and zod', () => {
    const wrong = imports.filter((i) => i.from.startsWith('gateway/contract/'))
    expect(wrong.filter((i) => !i.to.startsWith('gateway/contract/') && i.to !== 'zod')).toEqual([])
  })

  it('time comes from the Clock', () => {
    const pattern = /\bDate\.now\(|\bnew Date\(\)|\bsetTimeout\(|\bsetInterval\(|\bperformance\.now\(/
    const wrong = production.filter(
      (file) =>
        file.startsWith('gateway/') &&
        !/^gateway\/kit\/(system|fake)-clock\.ts$/.test(file) &&
        pattern.test(withoutComments(readFileSync(join(ROOT, file), 'utf8'))),
    )
    expect(wrong).toEqual([])
  })

  it('the renderer sees the gateway only as types, and Electron not at all', () => {
    const wrong = imports.filter(
      (i) =>
        i.from.startsWith('renderer/') &&
        /^(gateway|electron)/.test(i.to) &&
        !(i.typeOnly && i.to.startsWith('gateway/contract/')),
    )
    expect(wrong).toEqual([])
  })
})

function floorOf(file: string): { folder: string; floor: number } | undefined {
  const parts = file.split('/')
  if (parts[0] === 'electron' || parts[0] === 'renderer') return { folder: parts[0], floor: SHELL_FLOOR }
  if (parts[0] !== 'gateway') return undefined
  if (file === 'gateway/cli.ts') return { folder: 'cli', floor: CLI_FLOOR }
  if (parts.length === 2) return { folder: 'gateway', floor: GATEWAY_FLOOR }
  const folder = parts[1] ?? ''
  return { folder, floor: FLOORS[folder] ?? -1 }
}

function isUpward(i: Import): boolean {
  const from = floorOf(i.from)
  const to = floorOf(i.to)
  if (from === undefined || to === undefined || from.folder === to.folder) return false
  if (i.from.startsWith('renderer/')) return false
  return to.floor >= from.floor
}

function importsOf(file: string): Import[] {
  const text = withoutComments(readFileSync(join(ROOT, file), 'utf8'))
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g
  return [...text.matchAll(pattern)].map((match) => {
    const specifier = match[2] ?? match[3] ?? ''
    const to = specifier.startsWith('.')
      ? relative(ROOT, resolve(ROOT, dirname(file), specifier)).replaceAll('\\', '/')
      : specifier
    return { from: file, to, typeOnly: match[1] !== undefined }
  })
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.includes('node_modules'))
    .map((name) => relative(ROOT, join(folder, name)).replaceAll('\\', '/'))
}
