import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { closedSchema } from './anthropic-schema.ts'

describe('a schema for constrained output', () => {
  it('is closed throughout, and says its limits in words', () => {
    const { schema, loosened } = closedSchema({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        age: { type: 'integer', minimum: 0, description: 'In years.' },
        kind: { oneOf: [{ const: 'a' }, { type: 'object', properties: { b: { type: 'string', format: 'date' } } }] },
        tags: { type: 'array', items: { type: ['object', 'null'], properties: {} }, minItems: 1 },
        // A property may bear the name of a keyword.
        minimum: { $ref: '#/$defs/note' },
      },
      required: ['age'],
      $defs: { note: { type: 'object', properties: { text: { type: 'string' } }, additionalProperties: false } },
    })
    expect(loosened).toBe(true)
    expect(schema).toEqual({
      type: 'object',
      properties: {
        age: { type: 'integer', description: 'In years.\n\n{minimum: 0}' },
        kind: {
          anyOf: [
            { const: 'a' },
            { type: 'object', properties: { b: { type: 'string', format: 'date' } }, additionalProperties: false },
          ],
        },
        tags: {
          type: 'array',
          items: { type: ['object', 'null'], properties: {}, additionalProperties: false },
          minItems: 1,
        },
        minimum: { $ref: '#/$defs/note' },
      },
      required: ['age'],
      $defs: { note: { type: 'object', properties: { text: { type: 'string' } }, additionalProperties: false } },
      additionalProperties: false,
    })
  })

  it('is left alone where it is closed already', () => {
    const given = {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    }
    expect(closedSchema(given)).toEqual({ schema: given, loosened: false, faithful: true })
  })

  it.each([
    ['free keys', { type: 'object', additionalProperties: { type: 'string' } }, false],
    ['any object', { type: 'object', properties: { any: { type: 'object' } } }, false],
    ['no keys at all', { type: 'object', properties: {}, additionalProperties: false }, true],
    ['itself', { type: 'object', properties: { child: { $ref: '#' } } }, false],
    [
      'itself, in a roundabout way',
      { $ref: '#/$defs/a', $defs: { a: { anyOf: [{ $ref: '#/$defs/b' }] }, b: { items: { $ref: '#/$defs/a' } } } },
      false,
    ],
    ['a definition twice', { anyOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/a' }], $defs: { a: {} } }, true],
  ])('with %s can be said: %3$s', (_name, schema, faithful) => {
    expect(closedSchema(schema).faithful).toBe(faithful)
  })

  it('takes what the given schema takes', () => {
    const given = { type: 'object', properties: { n: { type: 'number', maximum: 5 } }, required: ['n'] }
    const accepts = new Ajv({ strict: false }).compile(closedSchema(given).schema)
    expect(accepts({ n: 3 })).toBe(true)
    expect(accepts({ n: 3, more: 1 })).toBe(false)
  })
})
