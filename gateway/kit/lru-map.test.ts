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

  it('forgets the oldest while all together weigh too much', () => {
    const map = createLruMap<string>(10, { maxWeight: 5, weightOf: (text) => text.length })
    map.set('a', 'xx')
    map.set('b', 'xx')
    map.set('b', 'xxx')
    expect([map.get('a'), map.get('b')]).toEqual(['xx', 'xxx'])
    map.set('c', 'x')
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([undefined, 'xxx', 'x'])
    map.set('d', 'xxxxxx')
    expect(map.size).toBe(0)
  })
})
