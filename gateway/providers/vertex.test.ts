import { describe, expect, it } from 'vitest'
import type { Target } from '../contract/route.ts'
import { bodyOf, chatWith } from './test/chat-request.ts'
import { answerOf, readReply } from './test/read-reply.ts'
import { testTarget } from './test/test-target.ts'
import { vertex } from './vertex.ts'

const target: Target = {
  ...testTarget(vertex),
  key: undefined,
  model: 'gemini-3-flash',
  settings: { project: 'p', location: 'europe-west4' },
}
const claude: Target = { ...target, model: 'claude-sonnet-4-5@20250929' }

function asked(changes: Partial<Target>, stream = false) {
  return vertex.chat?.request(chatWith(), { ...target, ...changes }, { stream })
}

describe('Vertex', () => {
  it.each([
    [{}, undefined],
    [{ project: 'p' }, 'https://us-central1-aiplatform.googleapis.com/v1beta1'],
    [{ project: 'p', location: 'europe-west4' }, 'https://europe-west4-aiplatform.googleapis.com/v1beta1'],
    [{ project: 'p', location: 'global' }, 'https://aiplatform.googleapis.com/v1beta1'],
    [{ project: 'p', location: 'eu' }, 'https://aiplatform.eu.rep.googleapis.com/v1beta1'],
  ])('lives, with %j, at %s', (settings, url) => {
    expect(vertex.baseUrlFrom?.(settings)).toBe(url)
  })

  it.each<[Partial<Target>, string]>([
    [{}, '/projects/p/locations/europe-west4/publishers/google/models/gemini-3-flash:generateContent'],
    [
      { model: 'google/gemini-3-flash', settings: { project: 'p', location: 'global' } },
      '/projects/p/locations/global/publishers/google/models/gemini-3-flash:generateContent',
    ],
    [{ model: 'gemini/123' }, '/projects/p/locations/europe-west4/endpoints/123:generateContent'],
    [claude, '/projects/p/locations/europe-west4/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict'],
  ])('asks %j at %s', (changes, path) => {
    expect(asked(changes)).toMatchObject({ path })
  })

  it('is signed, unless a key will do', () => {
    expect(vertex.signing?.(target)).toEqual({
      kind: 'google-oauth',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
    })
    const express = testTarget(vertex)
    expect(vertex.signing?.(express)).toBeUndefined()
    expect(vertex.headers(express)).toEqual({ 'x-goog-api-key': 'test-key' })
    expect(vertex.chat?.request(chatWith(), express, { stream: false })).toMatchObject({
      path: '/publishers/google/models/real-model:generateContent',
    })
  })

  it('says what is missing, and who else can', () => {
    expect(asked({ settings: {} })).toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining('`project`'),
    })
    expect(asked({ model: 'meta/llama-4-maas' })).toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining('openai_like'),
    })
    const refused = { error: { code: 401, message: 'Request had invalid credentials.', status: 'UNAUTHENTICATED' } }
    expect(vertex.failure({ status: 401, headers: {} }, JSON.stringify(refused))).toMatchObject({
      kind: 'unauthorized-upstream',
      message: expect.stringContaining('gcloud auth application-default login'),
    })
  })

  it('counts with either wire', () => {
    expect(bodyOf(vertex.tokenCount?.request(chatWith(), target))).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
    })
    expect(vertex.tokenCount?.reply('{"totalTokens":5}')).toBe(5)
    expect(vertex.tokenCount?.request(chatWith(), claude)).toMatchObject({
      path: '/projects/p/locations/europe-west4/publishers/anthropic/models/count-tokens:rawPredict',
    })
    expect(vertex.tokenCount?.reply('{"input_tokens":6}')).toBe(6)
    expect(vertex.tokenCount?.reply('{}')).toMatchObject({ kind: 'bad-reply' })
  })
})

describe('Claude on Vertex', () => {
  it('is sent a Messages body without its name, with the version inside', () => {
    const body = bodyOf(asked(claude, true))
    expect(body).toMatchObject({ anthropic_version: 'vertex-2023-10-16', stream: true })
    expect(body['messages']).toEqual([{ role: 'user', content: [{ type: 'text', text: 'hi' }] }])
    expect(body).not.toHaveProperty('model')
    expect(asked(claude, true)).toMatchObject({ path: expect.stringMatching(/:streamRawPredict$/) })
  })

  it('answers as Anthropic does', () => {
    const reply = {
      id: 'msg_vrtx_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5',
      content: [{ type: 'text', text: 'Hallo' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 3, output_tokens: 2 },
    }
    const reader = vertex.chat?.reader({ status: 200, headers: {} }, undefined, claude)
    if (reader === undefined) throw new Error('no reader')
    expect(answerOf(readReply(reader, Buffer.from(JSON.stringify(reply)), 9))).toMatchObject({
      text: 'Hallo',
      finish: 'stop',
      usage: { input: 3, output: 2 },
    })
  })
})
