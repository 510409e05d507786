import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * Where the worker's program is. From source it lies beside this file as TypeScript, which Node runs by itself.
 * Built, it is a bundle of its own: beside the command line's (`dist/gateway`), or seen from the desktop shell's
 * bundle (`dist/electron`) one folder over.
 */
export function findWorkerFile(here: string, exists: (url: URL) => boolean = isFile): URL {
  if (new URL(here).pathname.endsWith('.ts')) return new URL('./store-worker.ts', here)
  const candidates = BUILT.map((path) => new URL(path, here))
  const found = candidates.find(exists)
  if (found === undefined) throw new Error(`store-worker.js is missing from the build, beside ${here}`)
  return found
}

const BUILT = ['./store-worker.js', '../gateway/store-worker.js', '../store-worker.js']

function isFile(url: URL): boolean {
  return existsSync(fileURLToPath(url))
}
