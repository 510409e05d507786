import type { IncomingMessage } from 'node:http'
import type { JsonObject } from '../../contract/json.ts'

/** What a scripted model says in one turn, whatever wire it speaks. */
export interface Said {
  readonly thoughts?: readonly Thought[]
  readonly text?: string
  readonly calls?: readonly SaidCall[]
}

export interface Thought {
  readonly text: string
  /** As the maker signed it: must come back byte for byte. */
  readonly signature?: string
  /** Encrypted thought, in place of a text; base64 where the wire has bytes. */
  readonly redacted?: string
}

export interface SaidCall {
  /** Ollama's and Gemini's wires have none in these scripts, so it does not go out there. */
  readonly id: string
  readonly name: string
  readonly input: JsonObject
  /** Gemini's `thoughtSignature`. */
  readonly signature?: string
}

/** What the upstream was asked, in the words that a script needs to decide. */
export interface Heard {
  readonly wire: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: JsonObject
  readonly stream: boolean
  /** Names of the offered tools. */
  readonly tools: readonly string[]
  /** Texts of all tool results in the conversation, oldest first. */
  readonly results: readonly string[]
}

/** A scripted model. */
export type Brain = (heard: Heard) => Said | Promise<Said>

/** One wire that an upstream may speak. */
export interface UpstreamWire {
  readonly name: string
  /** Whether a request to this path is one of this wire. */
  serves(path: string): boolean
  hear(body: JsonObject, path: string): Pick<Heard, 'stream' | 'tools' | 'results'>
  /** The whole reply, in the pieces in which a real server writes it. `id` is another one for every reply. */
  say(
    said: Said,
    how: { readonly stream: boolean; readonly id: string },
  ): { readonly contentType: string; readonly pieces: readonly (string | Buffer)[] }
}

/** Every text in a value of any depth, joined: results of tools have many shapes. */
export function textIn(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(textIn).join('')
  if (typeof value === 'object' && value !== null) return Object.values(value).map(textIn).join(' ')
  return value === null || value === undefined ? '' : JSON.stringify(value)
}

/** The objects of a list, loosely read: a script asserts on what it finds. */
export function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? (value as JsonObject[]) : []
}

/** The usage that every scripted answer reports. */
export const SAID_TOKENS = { input: 21, output: 9 } as const

/** A text in two pieces, so that a stream is one. */
export function halves(text: string): readonly string[] {
  const middle = Math.ceil(text.length / 2)
  return [text.slice(0, middle), text.slice(middle)].filter((half) => half !== '')
}
