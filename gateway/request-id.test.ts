import { expect, it } from 'vitest'
import { newRequestId } from './request-id.ts'

it('makes ids that sort by time, fit a header and never repeat', () => {
  const ids = Array.from({ length: 1_000 }, (_, i) => newRequestId(1_795_000_000_000 + i))
  expect(ids.toSorted()).toEqual(ids)
  expect(new Set(ids.map((id) => id.slice(8))).size).toBe(1_000)
  for (const id of ids) expect(id).toMatch(/^[a-z0-9-]{20,64}$/)
})
