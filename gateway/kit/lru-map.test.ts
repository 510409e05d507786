import { describe, expect, it } from 'vitest'
import { createLruMap } from './lru-map.ts'

describe('createLruMap', () => {
  it('forgets the entry that was used least recently', () => {
    const map = createLruMap<number>(2)
    map.set('a', 1)
    map.set('b', 2)
    expect(map.get('a')).toBe(1)
    map.set('c', 3)
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3])
  })

  it('replaces a value without forgetting another', () => {
    const map = createLruMap<number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.set('b', 3)
    expect([map.get('a'), map.get('b'), map.size]).toEqual([1, 3, 2])
  })
})
