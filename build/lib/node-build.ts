import type { UserConfig } from 'vite'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..', '..')

/** Native code cannot be bundled; Electron is there at run time; systeminformation is large and loaded late. */
const EXTERNAL = ['better-sqlite3', 'electron', 'systeminformation']

/**
 * A build for Node.js: every entry and chunk in one flat folder, so that `new URL('./x.js', import.meta.url)`
 * means the same in each. Pure JavaScript packages are bundled: one file is read faster than three hundred.
 */
export function nodeBuild(entries: Readonly<Record<string, string>>): UserConfig {
  return {
    logLevel: 'warn',
    ssr: { noExternal: true, external: EXTERNAL },
    build: {
      ssr: true,
      target: 'node24',
      minify: false,
      sourcemap: false,
      rolldownOptions: {
        input: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, resolve(root, path)])),
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  }
}
