import { describe, expect, it } from 'vitest'
import { tinyGguf } from './tiny-gguf.ts'

describe('tiny model', () => {
  const model = tinyGguf()

  it('begins as GGUF version 3, with its tensors and its metadata counted', () => {
    expect(model.toString('latin1', 0, 4)).toBe('GGUF')
    expect(model.readUInt32LE(4)).toBe(3)
    expect(model.readBigUInt64LE(8)).toBe(21n)
    expect(model.readBigUInt64LE(16)).toBe(21n)
  })

  it('is aligned, small, and the same for the same seed', () => {
    expect(model.length % 32).toBe(0)
    expect(model.length).toBeLessThan(1_000_000)
    expect(tinyGguf().equals(model)).toBe(true)
    expect(tinyGguf(8).equals(model)).toBe(false)
  })
})
