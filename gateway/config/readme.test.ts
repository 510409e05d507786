import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { configReference } from './native/config-reference.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

describe("README's configuration reference", () => {
  it('is what the program knows: `spillway check --reference` prints it', () => {
    const [, written = ''] =
      /<!-- config-reference:begin -->\n([\s\S]*?)<!-- config-reference:end -->/.exec(README) ?? []
    expect(written.trim()).toBe(configReference().trim())
  })
})
