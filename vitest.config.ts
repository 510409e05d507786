import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['gateway/**/*.test.ts', 'electron/**/*.test.ts', 'renderer/**/*.test.ts', 'build/**/*.test.ts'],
    testTimeout: 20_000,
    pool: 'forks',
  },
})
