import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { ParamRules } from '../contract/route.ts'
import { applyParams, type AppliedParams } from './params.ts'
import { plainParams } from '../test/plain-target.ts'
import { makeProvider, makeTarget } from './test/world.ts'

const provider = makeProvider('groq', { label: 'Groq', unsupportedParams: ['logprobs', 'n', 'logit_bias'] })

function outcome(body: JsonObject, rules: Partial<ParamRules> = {}): ReturnType<typeof applyParams> {
  return applyParams(body, makeTarget('groq/x', { params: { ...plainParams, ...rules } }), provider)
}

function applied(body: JsonObject, rules: Partial<ParamRules> = {}): AppliedParams {
  const result = outcome(body, rules)
  if (isFailure(result)) throw new Error(result.message)
  return result
}

/** What the upstream gets. */
function sent(body: JsonObject, rules: Partial<ParamRules> = {}): JsonObject {
  const merged = Object.entries({ ...body, ...applied(body, rules).edits })
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined))
}

const message = { model: 'm', messages: [] }

describe('defaults of a target', () => {
  it.each<[string, JsonObject, JsonObject, JsonObject]>([
    ['fill what the client left open', {}, { temperature: 0.2 }, { temperature: 0.2 }],
    ['yield to what the client says', { temperature: 0 }, { temperature: 0.2 }, { temperature: 0 }],
    ['take null for nothing said', { temperature: null }, { temperature: 0.2 }, { temperature: 0.2 }],
    [
      'are merged into metadata',
      { metadata: { a: '1' } },
      { metadata: { a: '0', b: '2' } },
      { metadata: { a: '1', b: '2' } },
    ],
  ])('%s', (_rule, body, defaults, expected) => {
    expect(sent({ ...message, ...body }, { defaults })).toEqual({ ...message, ...expected })
  })

  it('are covered by extra_body, which has the last word', () => {
    const rules = { defaults: { seed: 1 }, extraBody: { seed: 2, top_k: 3 }, drop: ['seed'] }
    expect(sent({ ...message, seed: 0 }, rules)).toEqual({ ...message, seed: 2, top_k: 3 })
  })
})

describe('what a target always drops', () => {
  const tools = [{ type: 'function', function: { name: 'f', strict: true } }]
  it.each<[string, JsonObject, JsonObject]>([
    ['seed', { seed: 1, top_p: 1 }, { top_p: 1 }],
    ['tools[*].function.strict', { tools }, { tools: [{ type: 'function', function: { name: 'f' } }] }],
    ['a.b', { a: { b: 1, c: 2 } }, { a: { c: 2 } }],
    ['a[0].c', { a: [{ c: 1 }, { c: 2 }] }, { a: [{}, { c: 2 }] }],
  ])('%s', (path, body, expected) => {
    expect(sent({ ...message, ...body }, { drop: [path] })).toEqual({ ...message, ...expected })
    expect(applied({ ...message, ...body }, { drop: [path] }).dropped).toEqual([path])
  })

  it('is not named where the client did not send it', () => {
    expect(applied(message, { drop: ['seed', 'tools[*].x'] })).toEqual({ edits: {}, dropped: [] })
  })
})

describe('what a provider does not support', () => {
  it('is refused by name, with what to do', () => {
    const result = outcome({ ...message, logprobs: true, logit_bias: { 5: 1 } })
    expect(result).toMatchObject({ kind: 'unsupported', status: 400, param: 'logprobs' })
    expect(isFailure(result) ? result.message : '').toMatch(
      /Groq does not support logprobs, logit_bias\..*drop_params: true/,
    )
  })

  it.each<[string, Partial<ParamRules>, JsonObject]>([
    ['by the target', { dropUnsupported: true }, {}],
    ['by the request', {}, { drop_params: true }],
  ])('is dropped and named when that is set %s', (_who, rules, body) => {
    const result = applied({ ...message, logprobs: true, ...body }, rules)
    expect(result.dropped).toEqual(['logprobs'])
    expect(sent({ ...message, logprobs: true, ...body }, rules)).toEqual(message)
  })

  it('passes where the target allows it', () => {
    expect(sent({ ...message, logprobs: true }, { allow: ['logprobs'] })).toEqual({ ...message, logprobs: true })
  })

  it('is dropped and told where it is no more than a wish', () => {
    const seedless = makeProvider('deepseek', { label: 'DeepSeek', unsupportedParams: ['seed', 'logprobs'] })
    const result = applyParams({ ...message, seed: 7 }, makeTarget('deepseek/x', {}), seedless)
    expect(result).toMatchObject({ dropped: ['seed'], edits: { seed: undefined } })
  })

  it.each<JsonObject>([{ n: 1 }, { logprobs: null }, { logprobs: false }, { logit_bias: {} }])(
    'does not count where it asks for nothing: %j',
    (body) => {
      expect(applied({ ...message, ...body }).dropped).toEqual([])
      expect(sent({ ...message, ...body })).toEqual(message)
    },
  )
})

describe('keys for the gateway', () => {
  it('never go upstream', () => {
    const controls = {
      fallbacks: ['a'],
      num_retries: 1,
      timeout: 5,
      disable_fallbacks: true,
      tags: ['x'],
      mock_testing_fallbacks: true,
      litellm_call_id: '1',
    }
    expect(sent({ ...message, ...controls })).toEqual(message)
    expect(applied({ ...message, ...controls }).dropped).toEqual([])
  })

  it.each([
    'api_base',
    'base_url',
    'api_key',
    'api_version',
    'organization',
    'extra_headers',
    'custom_llm_provider',
    'aws_region_name',
  ])('by which a client would choose the destination are dropped: %s, also inside extra_body', (key) => {
    const field = { [key]: 'http://trap' }
    for (const body of [field, { extra_body: field }]) {
      expect(sent({ ...message, ...body })).toEqual(message)
      expect(applied({ ...message, ...body }).dropped).toEqual([key])
    }
    for (const extra_body of [{ extra_body: field }, [field]]) expect(sent({ ...message, extra_body })).toEqual(message)
  })

  it.each<[string, JsonObject, JsonObject]>([
    ['tags alone', { tags: ['a'] }, {}],
    ['tags among others', { tags: ['a'], team: 'x' }, { metadata: { team: 'x' } }],
    ["the upstream's own", { team: 'x' }, { metadata: { team: 'x' } }],
  ])('in metadata: %s', (_what, metadata, expected) => {
    expect(sent({ ...message, metadata })).toEqual({ ...message, ...expected })
  })

  it('sent as a literal extra_body are unpacked, without contradicting the plan', () => {
    const extra_body = { top_k: 3, seed: 9, model: 'other', stream: true, fallbacks: ['x'] }
    expect(sent({ ...message, seed: 1, extra_body })).toEqual({ ...message, seed: 1, top_k: 3 })
  })
})

it('gives one and the same empty answer where nothing is to be done', () => {
  const body = { ...message, temperature: 1, tools: [] }
  const bare = makeProvider('bare')
  const target = makeTarget('openai/x')
  expect(applyParams(body, target, bare)).toBe(applyParams({ ...body }, target, bare))
})

it('never changes the body that it is given, and survives any', () => {
  const rules = {
    defaults: { metadata: { a: '1' }, seed: 1 },
    drop: ['tools[*].function.strict', 'a.b'],
    dropUnsupported: true,
  }
  const key = fc.oneof(
    fc.string(),
    fc.constantFrom('metadata', 'extra_body', 'tags', '__proto__', 'a', 'tools', 'n', 'constructor'),
  )
  fc.assert(
    fc.property(fc.dictionary(key, fc.jsonValue()), (drafted) => {
      // fast-check's JSON values are ours, by another name.
      const body = drafted as JsonObject
      const before = JSON.stringify(body)
      applied(body, rules)
      expect(JSON.stringify(body)).toBe(before)
    }),
  )
})
