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
  wire: 2,
  dialects: 3,
  providers: 3,
  routing: 3,
  accounts: 3,
  config: 3,
  sensors: 3,
  store: 3,
  credentials: 3,
  repair: 3,
  tokens: 3,
  engine: 4,
  http: 5,
  demo: 5,
  commands: 7,
}
/** Files directly in `gateway/`: composition below the commands, the ways in (command line, library) above them. */
const GATEWAY_FLOOR = 6
const CLI_FLOOR = 8
const WAYS_IN: ReadonlySet<string> = new Set(['gateway/cli.ts', 'gateway/library.ts'])
const SHELL_FLOOR = 9

/** Package or name -> the only places that may use it, and why. */
const RESERVED: readonly { readonly what: RegExp; readonly only: RegExp; readonly why: string }[] = [
  { what: /^express(\/|$)/, only: /^gateway\/http\//, why: 'one web framework, at the edge' },
  { what: /^better-sqlite3(\/|$)/, only: /^gateway\/store\//, why: 'storage has one owner' },
  { what: /^systeminformation(\/|$)/, only: /^gateway\/sensors\//, why: 'it blocks; sensors run off the request path' },
  { what: /^undici(\/|$)/, only: /^gateway\/engine\/upstream/, why: 'every upstream socket is opened in one place' },
  { what: /^yaml(\/|$)/, only: /^gateway\/config\//, why: 'only configuration is YAML' },
  {
    what: /^(@aws-sdk|@aws-crypto|@smithy|@azure)\/|^google-auth-library(\/|$)/,
    only: /^gateway\/credentials\//,
    why: 'credentials have one owner, which loads these libraries only when they are needed',
  },
  { what: /^gpt-tokenizer(\/|$)/, only: /^gateway\/tokens\//, why: 'tokens are counted in one place, and lazily' },
  { what: /^electron(\/|$)/, only: /^electron\//, why: 'the gateway runs without Electron' },
  { what: /^react/, only: /^renderer\//, why: 'the window is the only page' },
  {
    what: /^(node:)?child_process$/,
    only: /^(electron|build|gateway\/sensors)\//,
    why: 'no request may start a process',
  },
  {
    what: /^(node:)?(timers(\/promises)?|perf_hooks)$/,
    only: /^gateway\/kit\/system-clock\.ts$/,
    why: 'time comes from the Clock',
  },
  {
    what: /^(node:)?(net|http|https|http2|tls|dgram)$/,
    only: /^(electron|build)\/|^gateway\/(http|demo|engine\/upstream|commands\/doctor\.ts|config\/base-url\.ts)/,
    why: 'sockets are opened by the server, the upstream pool, and the commands that look at a port',
  },
  { what: /\/test\//, only: /^$/, why: 'the product does not stand on its tests' },
]

/** What the gateway's code may not say -> the only files that may, and why. Without calls: a reference is a use. */
const WORDS: readonly { readonly what: RegExp; readonly only: RegExp; readonly why: string }[] = [
  {
    what: /\bDate\.now\b|\bnew Date\(\s*\)|\bset(Timeout|Interval|Immediate)\b|\bperformance\.now\b/,
    only: /^gateway\/kit\/(system|fake)-clock\.ts$/,
    why: 'time comes from the Clock',
  },
  { what: /\bMath\.random\b/, only: /^gateway\/gateway\.ts$/, why: 'randomness is injected' },
  { what: /\bfetch\(|\bnew WebSocket\b/, only: /^$/, why: 'every upstream socket is opened in one place' },
  { what: /\brequire\(|\bcreateRequire\b/, only: /^$/, why: 'an import that this test cannot see' },
  { what: /\bimport\((?!\s*['"])/, only: /^$/, why: 'a computed import is one that this test cannot see' },
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

  it('the contract imports nothing but itself', () => {
    const wrong = imports.filter((i) => i.from.startsWith('gateway/contract/'))
    expect(wrong.filter((i) => !i.to.startsWith('gateway/contract/'))).toEqual([])
  })

  it('words are said only where they belong', () => {
    const wrong = production
      .filter((file) => file.startsWith('gateway/'))
      .flatMap((file) => {
        const text = withoutComments(readFileSync(join(ROOT, file), 'utf8'))
        return WORDS.filter((rule) => !rule.only.test(file) && rule.what.test(text)).map(
          (rule) => `${file} says ${rule.what.exec(text)?.[0]}: ${rule.why}`,
        )
      })
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
  if (WAYS_IN.has(file)) return { folder: file, floor: CLI_FLOOR }
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
    /(?:^|\n|;)\s*(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g
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
