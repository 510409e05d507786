import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import type { WriterContext } from '../contract/dialect.ts'
import type { JsonObject } from '../contract/json.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { openaiCompletions } from './openai-completions.ts'

const context: WriterContext = {
  id: 'cmpl-1',
  model: 'm',
  createdS: 7,
  includeUsage: true,
  mergeReasoning: false,
  continued: false,
  body: {},
  promptTokensEstimate: 0,
  elapsedMs: () => 0,
}
const logprobs = (token: string): JsonObject => ({
  tokens: [token],
  token_logprobs: [-1],
  top_logprobs: null,
  text_offset: [0],
})
const events: readonly StreamEvent[] = [
  { type: 'start', model: 'real', upstreamId: 'cmpl-theirs' },
  { type: 'text-delta', text: 'Hel', logprobs: logprobs('Hel') },
  { type: 'reasoning-delta', text: 'not for this wire' },
  { type: 'text-delta', text: 'lo', logprobs: logprobs('lo') },
  { type: 'text-delta', text: 'Bye', choice: 1 },
  { type: 'end', reason: 'stop' },
  { type: 'end', reason: 'length', choice: 1 },
  { type: 'usage', usage: { input: 3, output: 2 } },
]

describe('completions', () => {
  it('stream as the openai library reads them', async () => {
    const writer = openaiCompletions.writer(context)
    const body = writer.write(events) + writer.done()
    const client = new OpenAI({
      apiKey: 'k',
      baseURL: 'http://localhost/v1',
      fetch: () => Promise.resolve(new Response(body)),
    })
    const chunks: OpenAI.Completion[] = []
    for await (const chunk of await client.completions.create({ model: 'm', prompt: 'p', stream: true }))
      chunks.push(chunk)
    const choices = chunks.flatMap((chunk) => chunk.choices)
    expect(choices.map((choice) => [choice.index, choice.text, choice.finish_reason])).toEqual([
      [0, 'Hel', null],
      [0, 'lo', null],
      [1, 'Bye', null],
      [0, '', 'stop'],
      [1, '', 'length'],
    ])
    expect(chunks[0]).toMatchObject({ id: 'cmpl-theirs', object: 'text_completion', model: 'real', created: 7 })
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 3, total_tokens: 5 } })
    expect(body.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  it('collect into one reply', () => {
    const collector = openaiCompletions.collector(context)
    collector.push(events)
    expect(collector.result()).toMatchObject({
      id: 'cmpl-theirs',
      object: 'text_completion',
      model: 'real',
      choices: [
        {
          index: 0,
          text: 'Hello',
          finish_reason: 'stop',
          logprobs: { tokens: ['Hel', 'lo'], token_logprobs: [-1, -1] },
        },
        { index: 1, text: 'Bye', finish_reason: 'length', logprobs: null },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 2 },
    })
  })

  it('collected with a failure are that failure', () => {
    const collector = openaiCompletions.collector(context)
    const failure = { kind: 'cut', message: 'The upstream closed the connection.' } as const
    collector.push([...events.slice(0, 2), { type: 'failure', failure }])
    expect(collector.result()).toBe(failure)
  })

  it.each<[string, JsonObject, string]>([
    ['no prompt', {}, 'prompt'],
    ['an empty list', { prompt: [] }, 'prompt'],
    ['a mixed list', { prompt: ['a', 1] }, 'prompt'],
    ['suffix as a number', { prompt: 'a', suffix: 1 }, 'suffix'],
    ['echo in words', { prompt: 'a', echo: 'yes' }, 'echo'],
    ['logprobs as a boolean', { prompt: 'a', logprobs: true }, 'logprobs'],
    ['best_of in words', { prompt: 'a', best_of: 'two' }, 'best_of'],
    ['stream in words', { prompt: 'a', stream: 'yes' }, 'stream'],
  ])('refuse %s', (_name, more, param) => {
    expect(openaiCompletions.inspect({ model: 'm', ...more })).toMatchObject({ kind: 'invalid-request', param })
  })

  it('with a suffix need a model that can insert', () => {
    expect(openaiCompletions.inspect({ model: 'm', prompt: 'a', suffix: 'b' })).toMatchObject({ needs: ['insert'] })
  })

  it('are parsed with everything', () => {
    const body = {
      model: 'm',
      prompt: ['a', 'b'],
      suffix: 's',
      echo: true,
      logprobs: 2,
      best_of: 3,
      stop: ['x'],
      max_tokens: 5,
      stream: true,
    }
    expect(openaiCompletions.parse(body)).toEqual({
      model: 'm',
      prompts: ['a', 'b'],
      suffix: 's',
      echo: true,
      sampling: { stop: ['x'], maxOutputTokens: 5, logprobs: true, topLogprobs: 2 },
      user: undefined,
      prefill: undefined,
      extra: { best_of: 3 },
    })
  })

  it.each([[[1, 2, 3]], [[[1], [2]]]])('of token ids %j are left to upstreams with this route', (prompt) => {
    expect(openaiCompletions.inspect({ model: 'm', prompt })).toMatchObject({ model: 'm' })
    expect(openaiCompletions.parse({ model: 'm', prompt })).toMatchObject({ kind: 'unsupported', param: 'prompt' })
  })
})
