import { describe, expect, it } from 'vitest'
import { parseJsonBody, withModel } from './json-body.ts'
import { jsonMistake } from './json-mistake.ts'

describe('jsonMistake', () => {
  it.each([
    ['{"model": tru}', 'line 1, column 14 (position 13)'],
    ['{"a":1,\n "b":}', 'line 2, column 6 (position 13)'],
    ["{'a':1}", 'line 1, column 2 (position 1)'],
    ['{"a":"x\ny"}', 'line 1, column 8 (position 7)'],
    ['{"a":1}}', 'line 1, column 8 (position 7)'],
    ['{"a":1', 'it ends too early'],
    ['{"a":"x', 'it ends too early'],
  ])('%j', (text, place) => {
    expect(jsonMistake(text)).toContain(place)
  })

  it('quotes nothing of the text', () => {
    expect(jsonMistake('{"messages":[{"content":"my password is hunter2"}], secret}')).not.toMatch(/hunter2|secret/)
  })
})

describe('parseJsonBody', () => {
  it('keeps the bytes as they came', () => {
    const raw = Buffer.from('{ "seed": 12345678901234567890, "model": "m" }')
    const body = parseJsonBody(raw)
    expect(body).toMatchObject({ kind: 'json', json: { model: 'm' } })
    expect('raw' in body && body.raw).toBe(raw)
  })

  it('gives every occurrence of a repeated key the value that counts', () => {
    const body = parseJsonBody(Buffer.from('{"model":"dear","m\\u006fdel":"dearer","n":1,"model":"cheap"}'))
    expect('raw' in body && body.raw.toString()).toBe('{"model":"cheap","m\\u006fdel":"cheap","n":1,"model":"cheap"}')
  })

  it('says in the failure where the mistake is', () => {
    expect(parseJsonBody(Buffer.from('{"a":,}'))).toMatchObject({
      code: 'invalid_json',
      message: 'The body is not valid JSON: something is wrong at line 1, column 6 (position 5).',
    })
  })

  it('names the model of the path in both forms', () => {
    const body = withModel({ kind: 'json', raw: Buffer.from('{"n":1}'), json: { n: 1 } }, 'gpt-4o')
    expect(body.json).toEqual({ n: 1, model: 'gpt-4o' })
    expect(JSON.parse(body.raw.toString())).toEqual(body.json)
  })
})
