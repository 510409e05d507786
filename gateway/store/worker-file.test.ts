import { expect, it } from 'vitest'
import { findWorkerFile } from './worker-file.ts'

it.each([
  ['file:///app/gateway/store/worker-file.ts', [], 'file:///app/gateway/store/store-worker.ts'],
  [
    'file:///app/dist/gateway/cli.js',
    ['file:///app/dist/gateway/store-worker.js'],
    'file:///app/dist/gateway/store-worker.js',
  ],
  [
    'file:///app/dist/electron/main.js',
    ['file:///app/dist/gateway/store-worker.js'],
    'file:///app/dist/gateway/store-worker.js',
  ],
  [
    'file:///app/dist/gateway/chunks/a.js',
    ['file:///app/dist/gateway/store-worker.js'],
    'file:///app/dist/gateway/store-worker.js',
  ],
])('from %s', (here, files, expected) => {
  expect(findWorkerFile(here, (url) => files.includes(url.href)).href).toBe(expected)
})

it('says what is missing from a build', () => {
  expect(() => findWorkerFile('file:///app/dist/gateway/cli.js', () => false)).toThrow('store-worker.js is missing')
})
