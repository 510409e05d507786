import react from '@vitejs/plugin-react'
import type { UserConfig } from 'vite'
import { resolve } from 'node:path'

/** The window's page: nothing inlined, because its content security policy allows only files of its own. */
const config: UserConfig = {
  root: resolve(import.meta.dirname, '..', 'renderer'),
  base: './',
  logLevel: 'warn',
  plugins: [react()],
  build: { target: 'chrome150', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
}

export default config
