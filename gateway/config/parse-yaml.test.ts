import { describe, expect, it } from 'vitest'
import { limits } from '../contract/limits.ts'
import { parseYaml } from './parse-yaml.ts'
import { createReport } from './report.ts'
import { plainValue } from './source-node.ts'

describe('parseYaml', () => {
  it.each([
    ['a tab', 'a:\n\t- b\n', 2, 'tab'],
    ['an open bracket', 'a: [1, 2\nb: 3\n', 2, 'indentation'],
    ['an open quote', 'a: "b\n', 2, 'not closed'],
    ['a second colon', 'a: b: c\n', 1, 'Quote the value'],
    ['two documents', 'a: 1\n---\nb: 2\n', 2, 'more than one document'],
    ['an unknown tag', 'a: !secret b\n', 1, 'tag'],
    ['a Windows path', 'a: "C:\\qwen"\n', 1, 'escape'],
    ['an alias of nothing', 'models: {all: *}\n', 1, 'Quote'],
    ['an anchor that does not exist', 'a: *nobody\n', 1, 'anchored'],
    ['a map as a key', '? {a: 1}\n: b\n', 1, 'plain text'],
  ])('%s: says what is wrong, and where', (_, text, line, words) => {
    const report = createReport()
    expect(parseYaml(text, 'x.yaml', report)).toBeUndefined()
    const [first] = report.diagnostics()
    expect(first).toMatchObject({ severity: 'error', code: 'yaml-syntax', file: 'x.yaml', line })
    expect(first?.message).toContain(words)
  })

  it('names every repeated key, at the second one', () => {
    const report = createReport()
    parseYaml('a: 1\nb:\n  c: 1\n  c: 2\na: 3\n', 'x.yaml', report)
    expect(report.diagnostics()).toMatchObject([
      { code: 'duplicate-key', line: 4, column: 3 },
      { code: 'duplicate-key', line: 5, column: 1 },
    ])
  })

  it('never quotes the source', () => {
    for (const text of ['- sk-very-secret\nx: y', 'a: *sk-very-secret', '{sk-very-secret: [}']) {
      const report = createReport()
      parseYaml(text, 'x.yaml', report)
      expect(report.hasErrors).toBe(true)
      expect(JSON.stringify(report.diagnostics())).not.toContain('sk-very-secret')
    }
  })

  it('expands anchors and merges maps, where what is written itself wins', () => {
    expect(plain('base: &base {a: 1, b: 2}\nmore: {<<: *base, b: 3}\nlist: [*base]\n')).toEqual({
      base: { a: 1, b: 2 },
      more: { a: 1, b: 3 },
      list: [{ a: 1, b: 2 }],
    })
  })

  it('ends a bomb of anchors in an error', () => {
    const levels = Array.from({ length: 12 }, (_, i) => `l${i}: &l${i} [${`*l${i - 1},`.repeat(i === 0 ? 0 : 9)} x]`)
    const report = createReport()
    parseYaml(levels.join('\n'), 'x.yaml', report)
    expect(report.diagnostics()).toHaveLength(1)
    expect(report.diagnostics()[0]?.message).toContain('too many values')
  })

  it.each([limits.jsonDepth + 10, 10_000])('ends %i levels in an error', (depth) => {
    const report = createReport()
    parseYaml('['.repeat(depth) + ']'.repeat(depth), 'x.yaml', report)
    expect(report.hasErrors).toBe(true)
  })
})

function plain(text: string): unknown {
  const report = createReport()
  const node = parseYaml(text, 'x.yaml', report)
  expect(report.diagnostics()).toEqual([])
  return node && plainValue(node)
}
