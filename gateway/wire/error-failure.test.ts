import { describe, expect, it } from 'vitest'
import { remedyFor, type FailureKind } from '../contract/failure.ts'
import { failureInside, failureOf } from './error-failure.ts'

describe('failureOf', () => {
  it.each(['constructor', '__proto__', 'toString', 'valueOf'])('takes the code %s for an unknown word', (word) => {
    const failure = failureOf({ message: 'x', code: word, type: word }, { status: 400, headers: {} })
    expect(failure.kind).toBe('bad-request')
    expect(remedyFor[failure.kind]).toBe('give-up')
  })

  it('lets no credential through in any of its texts', () => {
    const key = 'sk-abcdefghijklmnop1234'
    const failure = failureOf({ message: key, code: key, type: key, param: key }, { status: 400, headers: {} })
    expect(JSON.stringify(failure)).not.toContain('abcdefghijklmnop1234')
  })
})

describe('failureInside', () => {
  it.each<[string, FailureKind]>([
    ['You exceeded your current quota, please check your plan', 'quota'],
    ['The response was filtered by the content management policy', 'content-policy'],
    ['the prompt is too long', 'context-length'],
    ['Rate limit reached for requests', 'rate-limited'],
    ['The engine is currently overloaded', 'overloaded'],
    ["model 'x' not found", 'model-missing'],
    ['Request failed during generation', 'server-error'],
  ])('reads an error that is nothing but a sentence: %s', (error, kind) => {
    expect(failureInside({ error }).kind).toBe(kind)
  })

  it('believes a type more than a sentence', () => {
    const error = { message: 'rate limit of the queue', type: 'overloaded_error' }
    expect(failureInside({ error }).kind).toBe('overloaded')
  })
})
