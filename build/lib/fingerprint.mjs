import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { root } from './paths.mjs'

/**
 * A hash over the names and contents of files: contents, not times, so that a fresh checkout or a touched file
 * builds nothing anew. Some hundred small files take about ten milliseconds.
 * @param {readonly string[]} files absolute
 * @param {readonly string[]} [also] further facts that the result depends on
 */
export function fingerprint(files, also = []) {
  const hash = createHash('sha256')
  for (const fact of also) hash.update(`${fact}\n`)
  for (const file of files.toSorted()) {
    hash.update(`\n${relative(root, file).replaceAll('\\', '/')}\n`)
    hash.update(readFileSync(file))
  }
  return hash.digest('hex')
}

/**
 * All files below a folder whose path passes, absolute. Own recursion: `recursive` of readdir is not in Node 20.0.
 * @param {string} folder
 * @param {(path: string) => boolean} wanted
 * @returns {string[]}
 */
export function filesIn(folder, wanted) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return filesIn(path, wanted)
    return entry.isFile() && wanted(path) ? [path] : []
  })
}

/** @param {string} file */
export function readStamp(file) {
  try {
    const stamp = JSON.parse(readFileSync(file, 'utf8'))
    return typeof stamp === 'object' && stamp !== null ? stamp : {}
  } catch {
    return {}
  }
}

/** Written whole or not at all: a stamp that is cut would be worse than none. @param {string} file @param {object} stamp */
export function writeStamp(file, stamp) {
  mkdirSync(dirname(file), { recursive: true })
  const fresh = `${file}.${process.pid}`
  writeFileSync(fresh, JSON.stringify(stamp))
  renameSync(fresh, file)
}
