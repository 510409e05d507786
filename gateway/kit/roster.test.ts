import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { Roster, type Placed } from './roster.ts'

it('holds exactly those that came and did not leave, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 9 }))), (steps) => {
      const people: Placed[] = Array.from({ length: 10 }, () => ({ place: -1 }))
      const roster = new Roster<Placed>()
      const expected = new Set<Placed>()
      for (const [comes, index] of steps) {
        const member = people[index]
        if (member === undefined || (comes && expected.has(member))) continue
        if (comes) roster.add(member)
        else roster.remove(member)
        if (comes) expected.add(member)
        else expected.delete(member)
      }
      expect(new Set(roster.list())).toEqual(expected)
      expect(roster.size).toBe(expected.size)
    }),
  )
})

it('may be emptied while it is walked', () => {
  const roster = new Roster<Placed>()
  for (let i = 0; i < 5; i++) roster.add({ place: -1 })
  for (const member of roster.list()) roster.remove(member)
  expect(roster.size).toBe(0)
})
