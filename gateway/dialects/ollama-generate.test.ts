import { describe, expect, it } from 'vitest'
import { isFailure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { ollama } from '../providers/ollama.ts'
import { generateKind, ollamaGenerateChat, ollamaGenerateCompletion } from './ollama-generate.ts'
import { ollamaLoadReply, type LoadRoute } from './ollama-load.ts'
import { ollamaTarget } from './test/ollama-target.ts'

describe('a request to /api/generate', () => {
  it.each<[JsonObject, string]>([
    [{ prompt: 'Hi' }, 'chat'],
    [{ prompt: 'Hi', suffix: '', raw: false, template: '', context: [] }, 'chat'],
    [{ prompt: 'def f(', suffix: 'return x' }, 'completion'],
    [{ prompt: '<|user|>Hi', raw: true }, 'completion'],
  ])('%j is a %s', (body, kind) => {
    expect(generateKind(body)).toBe(kind)
  })

  it('of a prompt is a chat of one message', () => {
    const body = {
      model: 'm',
      prompt: 'What is this?',
      system: 'Be brief.',
      images: ['/9j/4AAQ'],
      format: 'json',
      think: true,
      options: { seed: 1, num_ctx: 8 },
      keep_alive: 0,
      context: [],
      template: '',
    }
    expect(ollamaGenerateChat.inspect(body)).toMatchObject({ operation: 'chat', stream: true, needs: ['vision'] })
    expect(ollamaGenerateChat.parse(body)).toEqual({
      model: 'm',
      messages: [
        { role: 'system', as: 'system', content: [{ type: 'text', text: 'Be brief.' }], name: undefined },
        {
          role: 'user',
          content: [
            { type: 'image', source: { base64: '/9j/4AAQ', mediaType: 'image/jpeg' } },
            { type: 'text', text: 'What is this?' },
          ],
          name: undefined,
        },
      ],
      tools: [],
      toolChoice: undefined,
      parallelToolCalls: undefined,
      sampling: { seed: 1 },
      format: { type: 'json' },
      reasoning: { enabled: true },
      user: undefined,
      prefill: undefined,
      extra: { options: { num_ctx: 8 }, keep_alive: 0 },
      nativeKeys: ['keep_alive', 'options'],
    })
  })

  it('says what only the server that has the model could use', () => {
    const parsed = ollamaGenerateChat.parse({ model: 'm', prompt: 'Hi', context: [1, 2], template: '{{ .Prompt }}' })
    expect(parsed).toMatchObject({
      conversions: [
        { field: 'context', did: 'dropped', matters: true },
        { field: 'template', did: 'dropped', matters: true },
      ],
    })
  })

  it('of text to be filled in survives the way to an Ollama behind it', () => {
    const body = {
      model: 'm',
      prompt: 'a',
      suffix: 'b',
      raw: true,
      options: { top_k: 3, num_gpu: 1 },
      keep_alive: '1m',
    }
    expect(ollamaGenerateCompletion.inspect(body)).toMatchObject({ operation: 'completions', needs: ['insert'] })
    const parsed = ollamaGenerateCompletion.parse(body)
    if (isFailure(parsed)) throw new Error(parsed.message)
    const http = ollama.completions?.request(parsed, ollamaTarget('m'), { stream: false })
    if (http === undefined || isFailure(http)) throw new Error('not translated')
    expect(JSON.parse(http.body)).toEqual({ ...body, truncate: false, stream: false })
  })

  it.each<[JsonObject, string]>([
    [{ prompt: 3 }, 'prompt'],
    [{ prompt: 'a', suffix: 3 }, 'suffix'],
    [{ prompt: 'a', raw: 'yes' }, 'raw'],
    [{ prompt: 'a', images: 'x' }, 'images'],
    [{ prompt: 'a', options: { seed: 'x' } }, 'options.seed'],
  ])('is refused for %j', (more, param) => {
    expect(ollamaGenerateChat.inspect({ model: 'm', ...more })).toMatchObject({ kind: 'invalid-request', param })
  })
})

describe('a request without a word', () => {
  it.each<[LoadRoute, JsonObject, string | undefined]>([
    ['api/generate', {}, 'load'],
    ['api/generate', { prompt: '' }, 'load'],
    ['api/generate', { keep_alive: 0 }, 'unload'],
    ['api/generate', { keep_alive: '0s' }, 'unload'],
    ['api/generate', { keep_alive: '30m' }, 'load'],
    ['api/generate', { prompt: 'Hi' }, undefined],
    ['api/generate', { images: ['x'] }, undefined],
    ['api/chat', { messages: [] }, 'load'],
    ['api/chat', {}, 'load'],
    ['api/chat', { messages: [], keep_alive: 0 }, 'unload'],
    ['api/chat', { messages: [{ role: 'user', content: '' }] }, undefined],
  ])('to %s with %j is answered with %s', (route, body, reason) => {
    const reply = ollamaLoadReply(route, { model: 'm', ...body }, 1_700_000_000)
    if (reason === undefined) expect(reply).toBeUndefined()
    else
      expect(reply).toMatchObject({
        model: 'm',
        created_at: '2023-11-14T22:13:20.000Z',
        done: true,
        done_reason: reason,
      })
  })
})
