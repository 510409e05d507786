import { describe, expect, it } from 'vitest'
import { limits } from '../contract/limits.ts'
import { cleanMessage } from './clean-message.ts'

describe('cleanMessage', () => {
  it('keeps one readable line, without keys', () => {
    expect(cleanMessage(' refused:\u0000\r\n sk-abcdefghijkl\u202e \n')).toBe('refused:  sk-[secret]')
  })

  it('is bounded', () => {
    expect(cleanMessage('x'.repeat(1_000_000)).length).toBeLessThanOrEqual(limits.upstreamMessageChars + '...'.length)
  })
})
