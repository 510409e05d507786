import { describe, expect, it } from 'vitest'
import type { ChatRequest } from '../contract/chat.ts'
import type { JsonObject } from '../contract/json.ts'
import { anthropicBody } from './anthropic-request.ts'
import { bodyOf, plain, reportOf, SONNET, weather } from './test/anthropic-chat.ts'

describe('the tools of a Messages request', () => {
  const named = { name: 'get_weather' }
  it.each<[string, Partial<ChatRequest>, string, unknown, readonly string[]]>([
    ['any', { toolChoice: 'required' }, SONNET, { type: 'any' }, []],
    ['one', { toolChoice: named }, SONNET, { type: 'tool', name: 'get_weather' }, []],
    ['none', { toolChoice: 'none', parallelToolCalls: false }, SONNET, { type: 'none' }, []],
    ['as it likes', { toolChoice: 'auto' }, SONNET, { type: 'auto' }, []],
    ['nothing said', { parallelToolCalls: true }, SONNET, undefined, []],
    ['one at a time', { parallelToolCalls: false }, SONNET, { type: 'auto', disable_parallel_tool_use: true }, []],
    [
      'one while it thinks',
      { toolChoice: named, reasoning: { effort: 'low' } },
      SONNET,
      { type: 'auto' },
      ['tool_choice changed!'],
    ],
    ['one of a free spirit', { toolChoice: 'required' }, 'claude-opus-5-5', { type: 'auto' }, ['tool_choice changed!']],
  ])('are chosen: %s', (_name, changes, model, expected, report) => {
    expect(bodyOf({ tools: [weather], ...changes }, model)['tool_choice']).toEqual(expected)
    expect(reportOf({ tools: [weather], ...changes }, model)).toEqual(report)
  })

  it('are not chosen where there are none', () => {
    expect(bodyOf({ toolChoice: 'auto', parallelToolCalls: false })).not.toHaveProperty('tool_choice')
  })

  it('are strict where the model can be', () => {
    const parameters = { type: 'object', properties: { n: { type: 'number', minimum: 1 } } }
    const tools = [{ ...weather, parameters, strict: true }]
    expect(bodyOf({ tools })['tools']).toEqual([
      {
        name: 'get_weather',
        strict: true,
        input_schema: {
          type: 'object',
          properties: { n: { type: 'number', description: '{minimum: 1}' } },
          additionalProperties: false,
        },
      },
    ])
    expect(bodyOf({ tools }, 'claude-sonnet-4-0')['tools']).toEqual([{ name: 'get_weather', input_schema: parameters }])
    expect(reportOf({ tools }, 'claude-sonnet-4-0')).toEqual(['tools[0].strict dropped'])
  })

  it('must have a name that Anthropic takes', () => {
    const chat = { ...plain, tools: [weather, { ...weather, name: 'mcp.files/read' }] }
    const failure = anthropicBody(chat, { upstream: { label: 'Anthropic', keyEnv: [] }, model: SONNET })
    expect(failure).toMatchObject({ kind: 'unsupported', param: 'tools[1].name' })
  })

  it.each<[string, JsonObject, unknown]>([
    [
      'web_search',
      { user_location: { type: 'approximate', country: 'CH' } },
      { user_location: { type: 'approximate', country: 'CH' } },
    ],
    ['web_search_preview_2025_03_11', {}, {}],
    ['web_search', { external_web_access: false }, undefined],
    ['local_shell', {}, undefined],
  ])("takes OpenAI's %s with %j for its own where it is", (type, definition, expected) => {
    const hostedTools = [{ maker: 'openai' as const, type, definition: { type, ...definition } }]
    const found = bodyOf({ hostedTools })['tools']
    expect(found).toEqual(
      expected === undefined ? undefined : [{ type: 'web_search_20250305', name: 'web_search', ...Object(expected) }],
    )
    expect(reportOf({ hostedTools })).toEqual(expected === undefined ? [`tools (${type}) dropped`] : [])
    const isDemanded = reportOf({ hostedTools, toolChoice: { name: type } })
    expect(isDemanded).toEqual(expected === undefined ? [`tools (${type}) dropped!`] : [])
    const chosen = bodyOf({ hostedTools, tools: [weather], toolChoice: { name: type } })['tool_choice']
    expect(chosen).toEqual(expected === undefined ? { type: 'auto' } : { type: 'tool', name: 'web_search' })
  })

  it("takes the search of OpenAI's chat for its own", () => {
    const options = {
      user_location: { type: 'approximate', approximate: { city: 'Bern' } },
      search_context_size: 'low',
    }
    expect(bodyOf({ extra: { web_search_options: options } })['tools']).toEqual([
      { type: 'web_search_20250305', name: 'web_search', user_location: { type: 'approximate', city: 'Bern' } },
    ])
  })
})

describe('the form of the answer', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } } }
  const free = { type: 'object', additionalProperties: { type: 'number' } }
  it.each<[string, ChatRequest['format'], string, boolean, readonly string[]]>([
    ['a schema', { type: 'json-schema', name: 'x', schema, strict: true }, SONNET, true, []],
    [
      'a schema, of old',
      { type: 'json-schema', name: 'x', schema, strict: undefined },
      'claude-3-opus',
      false,
      ['response_format changed'],
    ],
    [
      'a strict schema, of old',
      { type: 'json-schema', name: 'x', schema, strict: true },
      'claude-3-opus',
      false,
      ['response_format changed!'],
    ],
    [
      'free keys',
      { type: 'json-schema', name: 'x', schema: free, strict: false },
      SONNET,
      false,
      ['response_format changed'],
    ],
    ['any JSON', { type: 'json' }, SONNET, false, ['response_format changed']],
  ])('%s is held to by the API or asked for in words', (_name, format, model, held, report) => {
    const body = bodyOf({ format }, model)
    expect(body['output_config'] !== undefined).toBe(held)
    expect(body['system'] !== undefined).toBe(!held)
    expect(reportOf({ format }, model)).toEqual(report)
  })
})
