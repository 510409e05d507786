import { type Fault, type Verdict } from './fault-world.ts'
import { chunked, head, LAST_CHUNK, type HealthyReply } from './healthy-reply.ts'
import type { RawExchange } from './raw-upstream.ts'

export type Bytes = string | Uint8Array
/** The bytes of a stream, in the pieces in which they leave the upstream, made from the pieces of a healthy one. */
export type Edit = (pieces: readonly string[]) => readonly Bytes[]

/** Sends the pieces, each in a chunk of its own. */
export async function sendStream(
  exchange: RawExchange,
  healthy: Pick<HealthyReply<never>, 'contentType'>,
  pieces: readonly Bytes[],
): Promise<void> {
  await exchange.write(head(healthy, 'transfer-encoding: chunked'))
  for (const piece of pieces) await exchange.write(chunked(piece))
  await exchange.write(LAST_CHUNK)
}

/** What a row says beyond its name, verdict and bytes. */
export interface Extra {
  readonly kinds?: Fault['kinds']
  readonly text?: string
  readonly complaint?: NonNullable<Fault['complaint']>
  readonly lanes?: NonNullable<Fault['lanes']>
}

/** A row about the bytes of server-sent events. */
export function sse(name: string, verdict: Verdict, edit: Edit, extra: Extra = {}): Fault {
  return {
    name,
    stream: verdict,
    whole: undefined,
    kinds: [],
    lanes: ['verbatim', 'translated'],
    act: (exchange, healthy) => sendStream(exchange, healthy, edit(healthy.pieces)),
    ...extra,
  }
}

/** A row about the bytes of Ollama's lines. */
export function lines(name: string, verdict: Verdict, edit: Edit, extra: Extra = {}): Fault {
  return { ...sse(name, verdict, edit, extra), lanes: ['ollama'] }
}

export const whole = (pieces: readonly string[]): string => pieces.join('')
export const bytes = (pieces: readonly string[]): Buffer => Buffer.from(whole(pieces))
export const each = (all: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.subarray(i * size, (i + 1) * size))
export const insert = (pieces: readonly string[], at: number, ...added: readonly string[]): string[] =>
  pieces.toSpliced(at, 0, ...added)
export const withUsage =
  (usage: string): Edit =>
  (pieces) =>
    pieces.map((piece) => piece.replace(/"usage":\{[^}]*\}/, `"usage":${usage}`))
/** As OpenAI says it. */
export const ERROR = {
  error: { message: 'The model fell over on its way.', type: 'server_error', param: null, code: null },
}
/** Longer than any event should be, and shorter than what is allowed. */
export const TOO_LONG_LINE = 10 * 1024 * 1024

/** Counts reach the client and the log only where they can be counts. */
export const saneUsage: NonNullable<Fault['complaint']> = ({ rows }) => {
  const counts = [rows[0]?.usage?.input ?? 0, rows[0]?.usage?.output ?? 0]
  return counts.every((count) => count >= 0 && count <= Number.MAX_SAFE_INTEGER) ? undefined : `counts ${counts.join()}`
}
