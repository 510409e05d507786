import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { SetupError, at, modules } from './paths.mjs'
import { runQuietly } from './spawn.mjs'

const ENTRY = 'library.d.ts'

/** `from './x.ts'`, `import('./x.ts')`: what a declaration refers to in its own package. */
const REFERENCE = /(['"])(\.{1,2}\/[^'"]+)\.ts\1/g

/**
 * Writes the declarations that a program which imports the package needs, and no others: the compiler gives those of
 * every file that the library is made of, of which few are about what the library shows.
 * @param {string} folder
 */
export async function emitLibraryTypes(folder) {
  const all = mkdtempSync(join(tmpdir(), 'spillway-types-'))
  try {
    const tsc = [join(modules, 'typescript', 'bin', 'tsc'), '-p', at('build', 'tsconfig.library.json'), '--outDir', all]
    const { code, output } = await runQuietly(process.execPath, tsc, { cwd: at() })
    if (code !== 0) throw new SetupError(`The library's types cannot be written:\n${output}`)
    copyReferred(join(all, ENTRY), { from: all, to: folder, done: new Set() })
  } finally {
    rmSync(all, { recursive: true, force: true })
  }
}

/**
 * @param {string} file absolute
 * @param {{ from: string, to: string, done: Set<string> }} copying
 */
function copyReferred(file, copying) {
  const { from, to, done } = copying
  if (done.has(file)) return
  done.add(file)
  const text = readFileSync(file, 'utf8')
  const target = join(to, file.slice(from.length))
  mkdirSync(dirname(target), { recursive: true })
  // Every compiler finds `x.d.ts` behind `x.js`, whatever it is set to.
  writeFileSync(target, text.replace(REFERENCE, '$1$2.js$1'))
  for (const [, , path] of text.matchAll(REFERENCE)) copyReferred(resolve(dirname(file), `${path}.d.ts`), copying)
}
