import { describe, expect, it } from 'vitest'
import { commandNames, helpOf, overview } from './help.ts'
import { nodeProblem } from './node-version.ts'

describe('help', () => {
  it('names every command in the overview and has a page for each', () => {
    for (const name of commandNames()) {
      expect(overview()).toContain(`  ${name} `)
      expect(helpOf(name)).toMatch(new RegExp(`^Usage: spillway ${name}\\b`))
    }
    expect(helpOf('serv')).toBeUndefined()
    expect(helpOf('constructor')).toBeUndefined()
  })
})

describe('the version of Node', () => {
  it.each([
    ['20.20.2', true],
    ['21.0.0', true],
    ['22.18.9', true],
    ['22.19.0', false],
    ['23.0.0', false],
    ['24.21.0', false],
    ['100.1.0', false],
  ])('%s is too old: %s', (version, isTooOld) => {
    expect(nodeProblem(version) !== undefined).toBe(isTooOld)
  })
})
