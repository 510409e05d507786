import { APIError, type OpenAI } from 'openai'

export interface Check {
  readonly name: string
  /** Throws with what was wrong. */
  run(client: OpenAI, model: string): Promise<void>
}

/** The words of a model of random weights cannot be known; everything around them can. */
const messages = [{ role: 'user' as const, content: 'water runs over the wall' }]
const MAX_TOKENS = 12

export const checks: readonly Check[] = [
  {
    name: 'models',
    run: async (client, model) => {
      const listed = await client.models.list()
      expect(
        listed.data.some(({ id }) => id === model),
        `${model} is not listed`,
      )
    },
  },
  {
    name: 'chat',
    run: async (client, model) => {
      const answer = await client.chat.completions.create({ model, messages, max_tokens: MAX_TOKENS })
      const choice = answer.choices[0]
      expect(choice?.message.role === 'assistant', 'no message of the assistant')
      expect(choice?.finish_reason === 'length' || choice?.finish_reason === 'stop', 'no finish reason')
      expect((answer.usage?.completion_tokens ?? 0) > 0, 'no usage')
      expect((answer.usage?.completion_tokens ?? 0) <= MAX_TOKENS, 'max_tokens was not heeded')
    },
  },
  {
    name: 'chat, streamed',
    run: async (client, model) => {
      const options = {
        model,
        messages,
        max_tokens: MAX_TOKENS,
        stream: true,
        stream_options: { include_usage: true },
      } as const
      let finish: string | null = null
      let tokens = 0
      for await (const chunk of await client.chat.completions.create(options)) {
        finish = chunk.choices[0]?.finish_reason ?? finish
        tokens = chunk.usage?.completion_tokens ?? tokens
      }
      expect(finish === 'length' || finish === 'stop', `the stream ended with finish reason ${finish}`)
      expect(tokens > 0 && tokens <= MAX_TOKENS, `usage says ${tokens} tokens`)
    },
  },
  {
    name: 'embeddings',
    run: async (client, model) => {
      const input = ['water', 'wall']
      const answer = await client.embeddings.create({ model, input, encoding_format: 'float' })
      expect(answer.data.length === 2, `${answer.data.length} vectors for 2 texts`)
      expect(
        answer.data.every(({ embedding }) => embedding.length > 0 && embedding.every(Number.isFinite)),
        'bad vectors',
      )
    },
  },
  {
    name: 'a model that is not there',
    run: async (client) => {
      const error: unknown = await client.chat.completions.create({ model: 'tiny/none', messages }).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      expect(error instanceof APIError && error.status === 404, `not a 404: ${String(error)}`)
    },
  },
]

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise)
}
