import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['gateway/**/*.test.ts', 'electron/**/*.test.ts', 'renderer/**/*.test.ts', 'build/**/*.test.ts'],
    testTimeout: 20_000,
    // A shared machine may stall for seconds while everything runs at once; the report names what was tried again.
    retry: process.env['CI'] === undefined ? 0 : 2,
    pool: 'forks',
  },
})
