import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../contract/json.ts'
import { geminiSchema } from './gemini-schema.ts'

describe('geminiSchema', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['keeps what Google knows', { type: ['string', 'null'], minLength: 1 }, { type: ['string', 'null'], minLength: 1 }],
    ['says const as an enum', { properties: { a: { const: 1 } } }, { properties: { a: { enum: [1] } } }],
    ['leaves a property called const', { properties: { const: {} } }, { properties: { const: {} } }],
    [
      'leaves values alone',
      { enum: [{ const: 1 }], default: { $ref: 'x' } },
      { enum: [{ const: 1 }], default: { $ref: 'x' } },
    ],
    ['drops what is about the schema', { $schema: 'x', $comment: 'y', type: 'object' }, { type: 'object' }],
    [
      'lets a reference stand alone',
      { items: { $ref: '#/$defs/A', description: 'why' }, $defs: { A: {} } },
      { items: { $ref: '#/$defs/A' }, $defs: { A: {} } },
    ],
    [
      'moves the definitions of draft 7',
      { anyOf: [{ $ref: '#/definitions/A' }], definitions: { A: { const: 'x' } } },
      { anyOf: [{ $ref: '#/$defs/A' }], $defs: { A: { enum: ['x'] } } },
    ],
    [
      'merges allOf',
      { allOf: [{ properties: { a: {} }, required: ['a'] }, { properties: { b: {} } }], required: ['b'] },
      { properties: { a: {}, b: {} }, required: ['b', 'a'] },
    ],
    [
      'makes a single allOf the thing itself',
      { properties: { a: { allOf: [{ $ref: '#/$defs/A' }] } } },
      { properties: { a: { $ref: '#/$defs/A' } } },
    ],
  ])('%s', (_name, schema, expected) => {
    expect(geminiSchema(schema)).toEqual(expected)
  })

  it('ends with a schema that is deeper than any', () => {
    let schema: JsonObject = { const: 1 }
    for (let depth = 0; depth < 5_000; depth += 1) schema = { items: schema }
    expect(() => geminiSchema(schema)).not.toThrow()
  })
})
