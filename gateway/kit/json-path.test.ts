import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../contract/json.ts'
import { parsePath, removeAt } from './json-path.ts'

const body = {
  seed: 1,
  tools: [
    { type: 'function', function: { name: 'a', strict: true } },
    { type: 'function', function: { name: 'b' } },
  ],
  a: { b: { c: 1 }, d: [{ c: 1, e: 2 }, { c: 3 }] },
} satisfies JsonValue

function remove(path: string): JsonValue {
  return removeAt(body, parsePath(path) ?? [])
}

describe('removeAt', () => {
  it.each([
    ['seed', { ...body, seed: undefined }],
    ['a.b', { ...body, a: { d: body.a.d } }],
    ['a.b.c', { ...body, a: { ...body.a, b: {} } }],
    ['a.d[0].c', { ...body, a: { ...body.a, d: [{ e: 2 }, { c: 3 }] } }],
    ['a.d[1]', { ...body, a: { ...body.a, d: [{ c: 1, e: 2 }] } }],
    ['a.d[*]', { ...body, a: { ...body.a, d: [] } }],
    ['tools[*].function.strict', { ...body, tools: [{ type: 'function', function: { name: 'a' } }, body.tools[1]] }],
  ])('removes %s', (path, expected) => {
    expect(remove(path)).toEqual(expected)
  })

  it.each([
    'missing',
    'seed.deeper',
    'a[0]',
    'a.d[9].c',
    'tools.function',
    'tools[*].missing',
    'constructor',
    'a.__proto__',
  ])('gives the same value when %s leads nowhere', (path) => {
    expect(remove(path)).toBe(body)
  })

  it('never changes the value that it is given', () => {
    const before = structuredClone(body)
    remove('tools[*].function.strict')
    remove('a.d[0].c')
    expect(body).toEqual(before)
  })
})

describe('parsePath', () => {
  it.each(['', '[0]', '[*].a', 'a[', 'a]', 'a[x]', 'a..b', '.', 'a.', 'a[-1]'])('refuses %j', (path) => {
    expect(parsePath(path)).toBeUndefined()
  })

  it('reads any text without throwing', () => {
    fc.assert(
      fc.property(fc.string(), (path) => {
        expect(() => parsePath(path)).not.toThrow()
      }),
    )
  })

  it('takes keys that hold other signs', () => {
    expect(parsePath('x-my key[2]')).toEqual([{ key: 'x-my key' }, { index: 2 }])
  })
})
