import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startFixture, APP, type Fixture } from '../test/gateway-fixture.ts'
import { replay, vectors } from '../test/vectors.ts'
import { guardRules } from './guard.ts'

let gateway: Fixture

beforeAll(async () => {
  gateway = await startFixture()
})

afterAll(() => gateway.server.close(0))

describe('the origin policy, row by row over a socket', () => {
  it('has at least sixty rows', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(60)
    expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length)
  })

  it.each(vectors)('$sec $name', async (vector) => {
    const { response, code, calls } = await replay(vector, gateway)
    expect({ status: response?.status, code, calls }).toEqual({
      status: vector.status,
      code: vector.code,
      calls: vector.calls,
    })
    expect(response?.headers).toMatchObject(vector.headers ?? {})
    const cors = Object.keys(response?.headers ?? {}).filter((name) => name.startsWith('access-control-'))
    expect(vector.rule === null || cors.length === 0).toBe(true)
  })
})

describe('every rule is needed: without it, its attacks get through', () => {
  const proven = guardRules.filter(({ id }) => id !== 'peer')

  it.each(proven.map(({ id }) => id))('%s', async (id) => {
    const mutant = await startFixture({ tuning: { rules: guardRules.filter((rule) => rule.id !== id) } })
    const through: string[] = []
    for (const vector of vectors.filter(({ rule }) => rule === id)) {
      const refusals = mutant.refused.length
      const { code } = await replay(vector, mutant, { idleMs: 300 })
      expect([vector.name, code]).not.toEqual([vector.name, vector.code])
      if (mutant.refused.length === refusals) through.push(vector.name)
    }
    await mutant.server.close(0)
    expect(through).not.toEqual([])
  })

  it.each(['key', 'app-origin'])('the search for the caller: %s', async (rule) => {
    const mutant = await startFixture({ tuning: { findCaller: () => ({ app: APP }) } })
    for (const vector of vectors.filter((candidate) => candidate.rule === rule)) {
      const { response } = await replay(vector, mutant)
      expect([vector.name, response?.status]).toEqual([vector.name, 200])
    }
    await mutant.server.close(0)
  })
})
