import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import { editTopLevel, scanJson } from './json-edit.ts'

const edit = (text: string, edits: JsonObject): string => editTopLevel(Buffer.from(text), edits).toString()

describe('editTopLevel', () => {
  it.each<[string, string, JsonObject, string]>([
    ['replaces a value', '{"model":"a","n":1}', { model: 'b' }, '{"model":"b","n":1}'],
    ['keeps spacing and order', '{ "n" : 1 ,\n "model" : "a" }\n', { model: 'b' }, '{ "n" : 1 ,\n "model" : "b" }\n'],
    [
      'keeps numbers that a double cannot hold',
      '{"seed":9007199254740993,"model":"a"}',
      { model: 'b' },
      '{"seed":9007199254740993,"model":"b"}',
    ],
    [
      'edits every occurrence of a repeated key',
      '{"model":"a","model":"c"}',
      { model: 'b' },
      '{"model":"b","model":"b"}',
    ],
    [
      'knows a key by its meaning, not its escapes',
      String.raw`{"mod\u0065l":"a"}`,
      { model: 'b' },
      String.raw`{"mod\u0065l":"b"}`,
    ],
    [
      'leaves nested keys of the same name alone',
      '{"metadata":{"model":"x"},"model":"a"}',
      { model: 'b' },
      '{"metadata":{"model":"x"},"model":"b"}',
    ],
    [
      'leaves a value that looks like the key alone',
      '{"user":"model","model":"a"}',
      { model: 'b' },
      '{"user":"model","model":"b"}',
    ],
    [
      'is not fooled by escaped quotes',
      String.raw`{"x":"\"model\":\"a\\","model":"a"}`,
      { model: 'b' },
      String.raw`{"x":"\"model\":\"a\\","model":"b"}`,
    ],
    [
      'adds at the end',
      '{"model":"a"}',
      { stream_options: { include_usage: true } },
      '{"model":"a","stream_options":{"include_usage":true}}',
    ],
    ['adds to an empty object', '{ }', { model: 'b', n: 1 }, '{ "model":"b","n":1}'],
    ['removes the first', '{"a":1, "b":2}', { a: undefined }, '{"b":2}'],
    ['removes the middle', '{"a":1, "b":2, "c":3}', { b: undefined }, '{"a":1, "c":3}'],
    ['removes the last', '{"a":1, "b":2 }', { b: undefined }, '{"a":1 }'],
    ['removes the only one', '{ "a":1 }', { a: undefined }, '{  }'],
    ['removes all and adds one', '{"a":1,"b":2}', { a: undefined, b: undefined, c: 3 }, '{"c":3}'],
    ['writes text beyond ASCII', '{"model":"é","x":"日"}', { model: '模型' }, '{"model":"模型","x":"日"}'],
    ['edits a key beyond ASCII', '{"é":1}', { é: 2 }, '{"é":2}'],
  ])('%s', (_name, text, edits, expected) => {
    expect(edit(text, edits)).toBe(expected)
  })

  it('gives the same buffer back when nothing changes', () => {
    const raw = Buffer.from('{"a":1}')
    expect(editTopLevel(raw, {})).toBe(raw)
    expect(editTopLevel(raw, { absent: undefined })).toBe(raw)
  })

  it('equals the edit of the parsed object, for any JSON in any spacing', () => {
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), edits, spacing, (object, changes, space) => {
        const text = spaced(object, space)
        expect(JSON.parse(edit(text, changes))).toEqual(JSON.parse(JSON.stringify({ ...object, ...changes })))
      }),
    )
  })

  it('edits as many keys as there are, in a time that grows no faster than they do', () => {
    const keys = Array.from({ length: 100_000 }, (_, index) => `k${index}`)
    const edits = Object.fromEntries([...keys.map((name) => [name, 2]), ['new', 3]])
    expect(JSON.parse(edit(`{${keys.map((name) => `"${name}":1`).join(',')}}`, edits))).toEqual(edits)
  })

  it('skips long strings whatever they hold', () => {
    const long = fc.string({ unit: fc.constantFrom('a', '\\', '"', 'é', '{'), minLength: 200, maxLength: 1_500 })
    fc.assert(
      fc.property(long, (text) => {
        const raw = JSON.stringify({ text, model: 'a' })
        expect(JSON.parse(edit(raw, { model: 'b' }))).toEqual({ text, model: 'b' })
      }),
    )
  })

  it('says so when there is no object to edit', () => {
    expect(() => edit('[1]', { a: 1 })).toThrow(TypeError)
  })
})

describe('scanJson', () => {
  const nested = (depth: number, open: string, close: string): Buffer =>
    Buffer.from(open.repeat(depth) + '1' + close.repeat(depth))

  it.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
    ['both', '{"a":[', ']}'],
  ])('counts the depth of %s', (_name, open, close) => {
    const each = open.includes('[') && open.includes('{') ? 2 : 1
    expect(scanJson(nested(limits.jsonDepth / each, open, close)).tooDeep).toBe(false)
    expect(scanJson(nested(limits.jsonDepth / each + 1, open, close)).tooDeep).toBe(true)
  })

  it('does not count brackets inside strings', () => {
    expect(scanJson(Buffer.from(`{"a":"${'['.repeat(500)}"}`)).tooDeep).toBe(false)
  })

  it('ends on bytes that are not JSON', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom('', '{', '{"a', '{"a":', '{"a":1,', '[{"'),
        (bytes, head) => {
          const scan = scanJson(Buffer.concat([Buffer.from(head), bytes]))
          expect(scan.keys.every((span) => span.keyStart < span.keyEnd && span.valueStart < span.valueEnd)).toBe(true)
        },
      ),
    )
  })

  it('finds the members of any object', () => {
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), spacing, (object, space) => {
        const raw = Buffer.from(spaced(object, space))
        const found = scanJson(raw).keys.map((span) => [
          JSON.parse(raw.subarray(span.keyStart, span.keyEnd).toString()) as unknown,
          JSON.parse(raw.subarray(span.valueStart, span.valueEnd).toString()) as unknown,
        ])
        expect(found).toEqual(JSON.parse(JSON.stringify(Object.entries(object))))
      }),
    )
  })
})

const key = fc
  .oneof(fc.constantFrom('model', 'stream', 'a"b', '\\', 'é', ''), fc.string())
  .filter((name) => name !== '__proto__')
const edits = fc.dictionary(key, fc.option(fc.jsonValue(), { nil: undefined })) as fc.Arbitrary<JsonObject>
const spacing = fc.constantFrom('', ' ', '\n\t', '\r\n  ')

/** JSON text with `space` wherever the grammar allows it. */
function spaced(value: JsonValue, space: string): string {
  const join = (open: string, members: readonly string[], close: string): string =>
    `${space}${open}${space}${members.join(`${space},${space}`)}${space}${close}${space}`
  if (Array.isArray(value)) {
    const items: readonly JsonValue[] = value
    return join(
      '[',
      items.map((item) => spaced(item, space)),
      ']',
    )
  }
  if (!isJsonObject(value)) return JSON.stringify(value)
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}${space}:${space}${spaced(member ?? null, space)}`,
  )
  return join('{', members, '}')
}
