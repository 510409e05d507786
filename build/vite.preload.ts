import type { UserConfig } from 'vite'
import { resolve } from 'node:path'

/** The bridge of the window: one CommonJS file, because a sandboxed preload cannot be a module. */
const config: UserConfig = {
  logLevel: 'warn',
  ssr: { noExternal: true, external: ['electron'] },
  build: {
    ssr: true,
    target: 'node24',
    minify: false,
    rolldownOptions: {
      input: { preload: resolve(import.meta.dirname, '..', 'electron', 'preload.ts') },
      output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
    },
  },
}

export default config
