import { TEXT } from './healthy-reply.ts'

/** What an upstream is asked to say; the prompt names it, so that every upstream of a request says the same. */
export type Script = 'text' | 'thought' | 'call'

export const THOUGHT = 'Let me look out of the window first.'
export const CALL = { name: 'weather', input: { city: 'Zürich 🙂' } } as const
export const CALL_SCHEMA = { type: 'object', properties: { city: { type: 'string' } } } as const

export interface Question {
  readonly url: string
  readonly key: string
  readonly model: string
  readonly stream: boolean
  readonly script: Script
  readonly prompt: string
  /** The client leaves. */
  readonly signal?: AbortSignal
  /** Called with the first word, thought or call. */
  begun?(): void
}

/** What the client's own library told a program. */
export interface Answer {
  text: string
  thought: string
  /** Names and arguments of the calls, as text. */
  calls: string
  /** In OpenAI's words; undefined: nobody said that the answer is over. */
  finish: string | undefined
  usage: unknown
  error: unknown
}

export interface Reply extends Readonly<Answer> {
  readonly headers: Headers | undefined
  readonly ms: number
}

/**
 * What an error is to a program.
 * - `reply`: the answer was a status.
 * - `stream`: said inside a stream that had begun.
 * - `broken`: not said by anybody, such as a lost connection or bytes that the library could not read.
 */
export interface Raised {
  readonly how: 'reply' | 'stream' | 'broken'
  readonly message: string
  readonly status?: number | undefined
  /** What is wrong with its shape, by the rules of the client's wire. */
  readonly complaint?: string | undefined
}

/** An official client of one wire. */
export interface FaultClient {
  readonly name: string
  /** The wire that it speaks. */
  readonly wire: 'chat' | 'messages' | 'responses' | 'ollama'
  /** Reads into `answer` as far as it comes; what the library raises is thrown. */
  ask(question: Question, answer: Answer, transport: Transport): Promise<void>
  judge(error: unknown): Raised
}

export type Transport = typeof globalThis.fetch

/** Asks with one client; nothing is thrown. */
export async function askClient(client: FaultClient, question: Question, nowMs: () => number): Promise<Reply> {
  const started = nowMs()
  const answer: Answer = { text: '', thought: '', calls: '', finish: undefined, usage: undefined, error: undefined }
  let headers: Headers | undefined
  const transport: Transport = async (input, init) => {
    const signals = [init?.signal, question.signal].filter((signal) => signal !== undefined && signal !== null)
    const response = await fetch(input, { ...init, signal: AbortSignal.any(signals) })
    headers = response.headers
    return response
  }
  try {
    await client.ask(question, answer, transport)
  } catch (raised) {
    answer.error = raised
  }
  return { ...answer, headers, ms: nowMs() - started }
}

/** What a whole answer to this script says. */
export function wholeAnswer(script: Script, text = TEXT): Pick<Reply, 'text' | 'thought' | 'calls'> {
  if (script === 'call') return { text: '', thought: '', calls: callText(CALL.name, CALL.input) }
  return { text, thought: script === 'thought' ? THOUGHT : '', calls: '' }
}

/** All of it, and that it is over. */
export function isWholeAnswer(reply: Reply, script: Script): boolean {
  return saidOf(reply) === saidOf(wholeAnswer(script)) && reply.finish === (script === 'call' ? 'tool_calls' : 'stop')
}

/** What a reply says, for people. */
export function saidOf({ text, thought, calls }: Pick<Reply, 'text' | 'thought' | 'calls'>): string {
  return JSON.stringify({ text, ...(thought !== '' && { thought }), ...(calls !== '' && { calls }) })
}

export function callText(name: string, input: unknown): string {
  return `${name}(${JSON.stringify(typeof input === 'string' ? JSON.parse(input) : input)})`
}
