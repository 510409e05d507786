import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createKeyTable, hashKey, newAppKey } from './keys.ts'

describe('newAppKey', () => {
  it('has the shape of an OpenAI key and 256 random bits', () => {
    const { key, sha256, last4 } = newAppKey(randomBytes)
    expect(key).toMatch(/^sk-sw-[\w-]{43}$/)
    expect([sha256, last4]).toEqual([hashKey(key), key.slice(-4)])
    expect(newAppKey(() => Buffer.alloc(32, 0xff)).key).toBe(`sk-sw-${'_'.repeat(42)}8`)
  })
})

describe('createKeyTable', () => {
  const table = createKeyTable([
    { sha256: hashKey('sk-one'), app: 'one' },
    { sha256: hashKey('sk-two').toUpperCase(), app: 'two' },
    { sha256: 'not a hash', app: 'broken' },
  ])

  it.each([
    ['sk-one', 'one'],
    ['sk-two', 'two'],
    ['sk-on', undefined],
    ['sk-one ', undefined],
    ['SK-ONE', undefined],
    ['', undefined],
    ['not a hash', undefined],
    [hashKey('sk-one'), undefined],
    ['x'.repeat(100_000), undefined],
  ])('%j belongs to %s', (presented, app) => {
    expect(table.resolve(presented)?.app).toBe(app)
  })

  it('never takes one key for another, however much of their beginning they share', () => {
    const pair = fc.tuple(fc.string({ maxLength: 200 }), fc.string({ minLength: 1 }), fc.string())
    fc.assert(
      fc.property(pair, ([prefix, a, b]) => {
        fc.pre(a !== b && prefix + b !== '')
        const keys = createKeyTable([
          { sha256: hashKey(prefix + a), app: 'a' },
          { sha256: hashKey(prefix + b), app: 'b' },
        ])
        expect([keys.resolve(prefix + a)?.app, keys.resolve(prefix + b)?.app]).toEqual(['a', 'b'])
      }),
    )
  })
})
