import { describe, expect, it } from 'vitest'
import { Secret } from './secret.ts'

describe('what an upstream repeats of a secret', () => {
  const secret = new Secret('0123456789abcdef0123456789ABCDEF')

  it.each([
    ['whole', 'key 0123456789abcdef0123456789ABCDEF.', 'key [secret].'],
    ['twice', '0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789ABCDEF', '[secret][secret]'],
    ['cut at the end of a message', 'key 0123456789abcdef01...', 'key [secret]...'],
    ['not at all', 'error 0123456789 of 0123', 'error 0123456789 of 0123'],
  ])('is hidden: %s', (_, text, hidden) => expect(secret.hideIn(text)).toBe(hidden))

  it('but a word in place of a key is a word', () => {
    expect(new Secret('ollama').hideIn('ollama is busy')).toBe('ollama is busy')
  })
})
