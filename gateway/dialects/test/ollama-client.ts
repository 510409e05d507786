import { Ollama, type ChatResponse, type GenerateResponse } from 'ollama'
import type { WriterContext } from '../../contract/dialect.ts'

/** A client's request as the writers see it: two milliseconds pass with every look at the clock. */
export function ollamaContext(more: Partial<WriterContext> = {}): WriterContext {
  let elapsedMs = 0
  return {
    id: 'req-1',
    model: 'coder',
    createdS: 1_700_000_000,
    includeUsage: false,
    mergeReasoning: false,
    continued: false,
    body: {},
    promptTokensEstimate: 3,
    elapsedMs: () => (elapsedMs += 2),
    ...more,
  }
}

/** The official client, which is answered with these bytes whatever it asks. */
export function clientOf(body: string | Uint8Array<ArrayBuffer>, status = 200): Ollama {
  const headers = { 'content-type': 'application/json' }
  return new Ollama({ fetch: () => Promise.resolve(new Response(body, { status, headers })) })
}

/** What the client's user has in the end. */
export interface Heard {
  readonly text: string
  readonly thinking: string
  readonly tools: readonly { readonly name: string; readonly arguments: unknown }[]
  readonly reason: string
  readonly input: number | undefined
  readonly output: number | undefined
  /** The metrics of the last object, by which clients divide. */
  readonly durations: readonly number[]
}

/** Reads `/api/chat` with the official client; rejects where the client raises. */
export async function hearChat(body: string | Uint8Array<ArrayBuffer>, stream: boolean): Promise<Heard> {
  const request = { model: 'coder', messages: [{ role: 'user', content: 'Hi' }] }
  if (!stream) return heardChat([await clientOf(body).chat({ ...request, stream: false })])
  const parts: ChatResponse[] = []
  for await (const part of await clientOf(body).chat({ ...request, stream: true })) parts.push(part)
  return heardChat(parts)
}

/** Reads `/api/generate` with the official client; rejects where the client raises. */
export async function hearGenerate(body: string | Uint8Array<ArrayBuffer>, stream: boolean): Promise<Heard> {
  const request = { model: 'coder', prompt: 'Hi' }
  const parts: GenerateResponse[] = []
  if (!stream) parts.push(await clientOf(body).generate({ ...request, stream: false }))
  else for await (const part of await clientOf(body).generate({ ...request, stream: true })) parts.push(part)
  return {
    ...endOf(parts.at(-1)),
    text: parts.map((part) => part.response ?? '').join(''),
    thinking: parts.map((part) => part.thinking ?? '').join(''),
    tools: [],
  }
}

function heardChat(parts: readonly ChatResponse[]): Heard {
  return {
    ...endOf(parts.at(-1)),
    text: parts.map(({ message }) => message.content).join(''),
    thinking: parts.map(({ message }) => message.thinking ?? '').join(''),
    tools: parts
      .flatMap(({ message }) => message.tool_calls ?? [])
      .map((call) => ({
        name: call.function.name,
        arguments: call.function.arguments,
      })),
  }
}

function endOf(last: ChatResponse | GenerateResponse | undefined): Omit<Heard, 'text' | 'thinking' | 'tools'> {
  if (last?.done !== true) throw new Error('The client was content without an end.')
  return {
    reason: last.done_reason,
    input: last.prompt_eval_count,
    output: last.eval_count,
    durations: [last.total_duration, last.load_duration, last.prompt_eval_duration, last.eval_duration],
  }
}
