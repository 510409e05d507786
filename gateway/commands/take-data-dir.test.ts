import { describe, expect, it } from 'vitest'
import { takeDataDir } from './take-data-dir.ts'

describe('takeDataDir', () => {
  it.each([
    { args: [], dataDir: undefined, rest: [] },
    { args: ['list'], dataDir: undefined, rest: ['list'] },
    { args: ['--data-dir', '/d', 'list'], dataDir: '/d', rest: ['list'] },
    { args: ['create', '--data-dir=/d', 'x'], dataDir: '/d', rest: ['create', 'x'] },
    { args: ['--data-dir=a=b'], dataDir: 'a=b', rest: [] },
  ])('$args', ({ args, dataDir, rest }) => {
    expect(takeDataDir(args)).toEqual({ dataDir, rest })
  })

  it.each([[['--data-dir']], [['--data-dir=']], [['--data-dir=', 'list']], [['--data-dir', '--port', '1']]])(
    'never falls back to the usual folder for %j',
    (args) => {
      expect(takeDataDir(args)).toContain('--data-dir')
    },
  )
})
