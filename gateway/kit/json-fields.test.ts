import { describe, expect, it } from 'vitest'
import { isJsonObject } from '../contract/json.ts'
import {
  compact,
  countAt,
  entryOf,
  numberOf,
  objectsAt,
  parseJson,
  parseObject,
  textAt,
  textsAt,
} from './json-fields.ts'

describe('json fields', () => {
  it('take what is no JSON, or no object, for nothing', () => {
    expect([parseJson('{"a"'), parseObject('[1]'), parseObject('null')]).toEqual([undefined, undefined, undefined])
    expect(parseObject('{"a":1}')).toEqual({ a: 1 })
  })

  it.each([
    { name: 'a number that no double holds', read: numberOf(parseJson('1e999')) },
    { name: 'an empty text', read: textAt({ a: '' }, 'a') },
    { name: 'the field of a list', read: textAt(['a'], '0') },
    { name: 'a count of zero', read: countAt({ a: 0 }, 'a') },
    { name: 'a count in words', read: countAt({ a: '7' }, 'a') },
    { name: 'a list that is null', read: objectsAt({ a: null }, 'a') },
    { name: 'a word that every object inherits', read: entryOf({ stop: 1 }, 'constructor') },
  ])('take $name for an absent one', ({ read }) => {
    expect(read).toBeUndefined()
  })

  it('keep what has the right type', () => {
    expect(objectsAt({ a: [{ b: 1 }, 2, null] }, 'a')?.every(isJsonObject)).toBe(true)
    expect(textsAt({ a: ['x', 1, ''] }, 'a')).toEqual(['x', ''])
    expect(countAt({ a: 7.9 }, 'a')).toBe(7)
    expect(compact({ a: undefined, b: null, c: 0 })).toEqual({ b: null, c: 0 })
    expect(entryOf({ stop: 1 }, 'stop')).toBe(1)
  })
})
