import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprint, filesIn, readStamp, writeStamp } from './lib/fingerprint.mjs'
import { emitLibraryTypes } from './lib/library-types.mjs'
import { withLock } from './lib/lock.mjs'
import { SetupError, at, dist, main, say } from './lib/paths.mjs'
import { continueUnder, isMain, setUp } from './setup.mjs'

/** A running program may still load a chunk of an earlier build, so old files stay for a while. */
const KEEP_MS = 24 * 60 * 60 * 1_000

/**
 * What is built: the folder below `dist/`, the vite configs that fill it, the sources that go into it, and the
 * files without which it is not there. `emit` writes what no vite config does.
 * @typedef {{ configs: string[], sources: string[], results: string[], emit?: (folder: string) => Promise<void> }} Part
 * @type {Readonly<Record<string, Part>>}
 */
const PARTS = {
  gateway: { configs: ['vite.gateway.ts'], sources: ['gateway'], results: ['cli.js', 'library.js', 'store-worker.js'] },
  library: { configs: [], sources: ['gateway'], results: ['library.d.ts'], emit: emitLibraryTypes },
  electron: {
    configs: ['vite.electron.ts', 'vite.preload.ts'],
    sources: ['gateway', 'electron'],
    results: ['main.js', 'preload.cjs', 'store-worker.js'],
  },
  renderer: {
    configs: ['vite.renderer.ts'],
    sources: ['gateway/contract', 'renderer'],
    results: ['index.html'],
  },
}

/**
 * Builds what is stale and gives the names of the parts that were built. Must run under the Node.js that `setUp`
 * gives. Two at once are safe: one builds, the other waits and finds it done.
 * @param {readonly string[]} [parts]
 * @returns {Promise<string[]>}
 */
export async function compile(parts = Object.keys(PARTS)) {
  const stale = parts.filter((part) => !isFresh(part))
  if (stale.length === 0) return []
  return withLock(join(dist, 'compile.lock'), async () => {
    const built = stale.filter((part) => !isFresh(part))
    for (const part of built) await buildPart(part)
    return built
  })
}

/** @param {string} part */
function partNamed(part) {
  const found = PARTS[part]
  if (found === undefined) throw new SetupError(`There is no part '${part}': ${Object.keys(PARTS).join(', ')}.`)
  return found
}

/** @param {string} part */
function isFresh(part) {
  const { results } = partNamed(part)
  const folder = join(dist, part)
  return (
    readStamp(join(folder, '.stamp.json')).inputs === inputsOf(part) &&
    results.every((file) => existsSync(join(folder, file)))
  )
}

/** @param {string} part */
function inputsOf(part) {
  const { configs, sources } = partNamed(part)
  const isInput = (/** @type {string} */ path) => !/\.test\.tsx?$|__fixtures__|tsconfig\.json$|\.md$/.test(path)
  const files = sources.flatMap((folder) => filesIn(at(folder), isInput))
  const settings = [
    ...configs.map((config) => at('build', config)),
    at('build', 'compile.mjs'),
    at('build', 'lib', 'library-types.mjs'),
    at('build', 'tsconfig.library.json'),
    at('package-lock.json'),
  ]
  return fingerprint([...files, ...settings.filter((file) => existsSync(file))])
}

/** @param {string} part */
async function buildPart(part) {
  const startedAt = Date.now()
  // The inputs are read before the build: an edit during it makes the result stale, not wrongly fresh.
  const inputs = inputsOf(part)
  const folder = join(dist, part)
  const fresh = join(dist, `.${part}-${process.pid}`)
  const { build } = await import('vite')
  try {
    for (const name of partNamed(part).configs) {
      const config = (await import(`./${name}`)).default
      await build({
        ...config,
        configFile: false,
        root: config.root ?? at(),
        build: { ...config.build, outDir: fresh, emptyOutDir: false },
      })
    }
    await partNamed(part).emit?.(fresh)
    publish(fresh, folder)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
  writeStamp(join(folder, '.stamp.json'), { inputs })
  say(`Built ${part} in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`)
}

/**
 * Puts a finished build in place file by file, chunks before the entries that name them, so that a program that
 * starts meanwhile finds either the old whole or the new whole.
 * @param {string} fresh
 * @param {string} folder
 */
function publish(fresh, folder) {
  const files = filesIn(fresh, () => true).map((file) => file.slice(fresh.length + 1))
  const isEntry = (/** @type {string} */ file) => !/-[\w-]{8}\.\w+(\.map)?$/.test(file)
  for (const file of [...files.filter((f) => !isEntry(f)), ...files.filter(isEntry)]) {
    const target = join(folder, file)
    mkdirSync(join(target, '..'), { recursive: true })
    copyFileSync(join(fresh, file), `${target}.${process.pid}`)
    renameSync(`${target}.${process.pid}`, target)
  }
  for (const path of filesIn(folder, (file) => !files.includes(file.slice(folder.length + 1)))) {
    if (Date.now() - statSync(path).mtimeMs > KEEP_MS) rmSync(path, { force: true })
  }
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const here = await continueUnder(await setUp())
    if (here !== true) return here
    const asked = process.argv.slice(2)
    const built = await compile(asked.length > 0 ? asked : undefined)
    if (built.length === 0) say('Everything is built already.')
    return 0
  })
}
