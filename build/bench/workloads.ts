/** What is asked of every contestant; the mock upstream knows each by the model's name. */
export interface Workload {
  readonly name: string
  /** The model named in the request, which tells the mock what to answer. */
  readonly model: string
  readonly stream: boolean
  /** SSE events that carry text; 0 for JSON. */
  readonly events: number
}

export const json: Workload = { name: 'JSON 1 KB', model: 'bench-json', stream: false, events: 0 }
export const short: Workload = { name: 'stream of 64 events', model: 'bench-stream-64', stream: true, events: 64 }
export const long: Workload = { name: 'stream of 512 events', model: 'bench-stream-512', stream: true, events: 512 }
/** One event, and then silence until the client leaves. */
export const idle: Workload = { name: 'idle stream', model: 'bench-idle', stream: true, events: 1 }

export const workloads: readonly Workload[] = [json, short, long]

const SENTENCE = 'Water held back behind the wall is used first, and only what is too much runs over. '

/** The request body: about 1 KB, as a short chat is. */
export function bodyOf(workload: Workload): Buffer {
  const messages = [
    { role: 'system', content: SENTENCE.repeat(5) },
    { role: 'user', content: SENTENCE.repeat(5) },
  ]
  return Buffer.from(JSON.stringify({ model: workload.model, messages, temperature: 0.2, stream: workload.stream }))
}

const IDENTITY = { id: 'chatcmpl-bench0000000000000000', created: 1_750_000_000, model: 'bench' } as const
const USAGE = { prompt_tokens: 180, completion_tokens: 64, total_tokens: 244 } as const

/** A finished answer of about 1 KB. */
export const jsonReply: Buffer = Buffer.from(
  JSON.stringify({
    ...IDENTITY,
    object: 'chat.completion',
    choices: [
      { index: 0, message: { role: 'assistant', content: SENTENCE.repeat(9) }, logprobs: null, finish_reason: 'stop' },
    ],
    usage: USAGE,
  }),
)

/** The events of a stream as OpenAI's wire has them: role, text, finish, `[DONE]`; usage where it is asked for. */
export function eventsOf(workload: Workload, withUsage: boolean): readonly string[] {
  const chunk = (delta: object, finish: string | null, more: object = {}): string =>
    `data: ${JSON.stringify({
      ...IDENTITY,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...more,
    })}\n\n`
  const texts = Array.from({ length: workload.events }, (_, i) => chunk({ content: ` word${i}` }, null))
  const usage = JSON.stringify({ ...IDENTITY, object: 'chat.completion.chunk', choices: [], usage: USAGE })
  return [
    chunk({ role: 'assistant', content: '' }, null),
    ...texts,
    chunk({}, 'stop'),
    ...(withUsage ? [`data: ${usage}\n\n`] : []),
    'data: [DONE]\n\n',
  ]
}
