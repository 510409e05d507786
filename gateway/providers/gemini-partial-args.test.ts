import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { isJsonArray } from '../kit/json-fields.ts'
import { PartialArgs } from './gemini-partial-args.ts'

function joined(pieces: readonly JsonObject[]): unknown {
  const args = new PartialArgs()
  for (const piece of pieces) args.add(piece)
  return JSON.parse(args.json())
}

/** The pieces that Vertex would send for a value: its leaves, texts cut into parts. */
function piecesOf(value: JsonValue, path: string, cut: number): readonly JsonObject[] {
  if (isJsonArray(value)) return value.flatMap((item, index) => piecesOf(item, `${path}[${index}]`, cut))
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => piecesOf(item ?? null, path + step(key), cut))
  }
  if (value === null) return [{ jsonPath: path, nullValue: 'NULL_VALUE' }]
  if (typeof value === 'boolean') return [{ jsonPath: path, boolValue: value }]
  if (typeof value === 'number') return [{ jsonPath: path, numberValue: value }]
  return [
    { jsonPath: path, stringValue: value.slice(0, cut), willContinue: true },
    { jsonPath: path, stringValue: value.slice(cut) },
  ]
}

function step(key: string): string {
  return /^\w+$/.test(key) ? `.${key}` : `['${key.replaceAll(/['\\]/g, '\\$&')}']`
}

const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
const value: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value'), { minLength: 1, maxLength: 3 }),
    fc.dictionary(fc.string({ minLength: 1 }), tie('value'), { minKeys: 1, maxKeys: 3 }),
  ),
})).value

describe('PartialArgs', () => {
  it('puts any arguments together again', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), value), fc.nat(5), (args, cut) => {
        // Compared as texts of JSON: a key may be `__proto__`.
        const pieces = piecesOf(JSON.parse(JSON.stringify(args)), '$', cut)
        expect(joined(pieces)).toEqual(JSON.parse(JSON.stringify(args)))
      }),
    )
  })

  it.each<[string, readonly JsonObject[], unknown]>([
    ['a path that is none', [{ jsonPath: 'no path[', stringValue: 'x' }], {}],
    ['a path to the whole', [{ jsonPath: '$', stringValue: 'x' }], {}],
    ['a piece without a value', [{ jsonPath: '$.a', willContinue: true }], {}],
    [
      'a text that is not continued',
      [
        { jsonPath: '$.a', stringValue: 'x' },
        { jsonPath: '$.a', stringValue: 'y' },
      ],
      { a: 'y' },
    ],
    [
      'texts whose parts take turns',
      [
        { jsonPath: '$.a', stringValue: 'x', willContinue: true },
        { jsonPath: '$.b', stringValue: '1', willContinue: true },
        { jsonPath: '$.a', stringValue: 'y' },
        { jsonPath: '$.b', stringValue: '2' },
      ],
      { a: 'xy', b: '12' },
    ],
    ['a place far behind the last', [{ jsonPath: '$.a[4000000000]', numberValue: 1 }], { a: [1] }],
    [
      'a prototype',
      [{ jsonPath: '$.__proto__.polluted', boolValue: true }],
      JSON.parse('{"__proto__":{"polluted":true}}'),
    ],
  ])('takes %s as it is', (_name, pieces, expected) => {
    expect(joined(pieces)).toEqual(expected)
    expect(Object.prototype).not.toHaveProperty('polluted')
  })
})
