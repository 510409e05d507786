import type { FailureKind } from '../contract/failure.ts'
import type { Bytes } from './fault-streams.ts'
import type { Script } from './fault-client.ts'

/** How one upstream wire says things, right and wrong. */
export interface FaultWire {
  readonly name: string
  /** The providers' entry that leads to it, as a flow mapping. */
  provider(origin: string): string
  /** The model's name below that provider. */
  model?(name: string): string
  streams(path: string, body: Readonly<Record<string, unknown>>): boolean
  /** A healthy answer, each event a piece; one piece where it is whole. */
  say(script: Script, stream: boolean): { readonly contentType: string; readonly pieces: readonly Bytes[] }
  /** The first event that says that the answer is finished holds this. */
  readonly finish: RegExp
  /** What comes after the finish, and may be missing. Undefined: the finish is the last thing that is said. */
  readonly mark?: RegExp
  /** Whatever follows the finish belongs to no answer. */
  readonly isOverAtFinish?: boolean
  /** An error reply in the words of this upstream. */
  refusal(status: number, message: string): { readonly body: string; readonly headers?: readonly string[] }
  /** Errors inside a stream that had a 200. */
  readonly errors: readonly InBandError[]
  /** What servers and proxies put between two events. */
  readonly garbage: readonly Bytes[]
  /** A well-formed event of a kind that this wire does not have yet. */
  readonly stranger?: Bytes
  /** An event whose payload cannot be read, in a frame that can. */
  readonly unreadable: Bytes
}

export interface InBandError {
  readonly name: string
  readonly bytes: Bytes
  readonly kinds: readonly FailureKind[]
}

/** The text of a piece, for looking things up in it. */
export function textOfPiece(piece: Bytes | undefined): string {
  if (piece === undefined) return ''
  return typeof piece === 'string' ? piece : Buffer.from(piece).toString('utf8')
}

export const OVERLOADED = 'The model is overloaded. Please try again later.'

/** The first words of what each script says. */
export const FIRST_WORDS: Readonly<Record<Script, string>> = { text: 'All is well', thought: 'Let me', call: 'city' }

/** What comes before the first piece that says this. */
export function before(pieces: readonly Bytes[], words: string | RegExp): readonly Bytes[] {
  const at = pieces.findIndex((piece) => textOfPiece(piece).search(words) >= 0)
  if (at < 0) throw new Error(`No piece says ${String(words)}.`)
  return pieces.slice(0, at)
}

/** Up to the first piece of content, with it. */
export function begun(pieces: readonly Bytes[], script: Script): readonly Bytes[] {
  return pieces.slice(0, before(pieces, FIRST_WORDS[script]).length + 1)
}
