import { describe, expect, it } from 'vitest'
import { lostNativeKeys, sharedExtra } from './native-extra.ts'

const request = {
  extra: {
    options: { num_ctx: 8192, repeat_penalty: 1.1 },
    keep_alive: '5m',
    format: { type: 'object' },
    verbosity: 'low',
  },
  nativeKeys: ['options', 'keep_alive', 'format'],
}

describe('keys of the client’s own wire', () => {
  it('are no business of an upstream of another one', () => {
    expect(sharedExtra(request)).toEqual({ verbosity: 'low' })
  })

  it('are none where the client speaks the common wire', () => {
    const extra = { options: 1 }
    expect(sharedExtra({ extra })).toBe(extra)
  })

  it('are told one by one, and only what says what is asked matters', () => {
    const lost = lostNativeKeys(request, 'has no counterpart here')
    expect(lost.map(({ field, matters }) => [field, matters])).toEqual([
      ['options.num_ctx', false],
      ['options.repeat_penalty', false],
      ['keep_alive', false],
      ['format', true],
    ])
  })
})
