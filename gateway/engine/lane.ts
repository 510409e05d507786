import type { SentSoFar } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import type { HttpHead, HttpRequest } from '../contract/provider.ts'
import type { Tally } from './tally.ts'

/**
 * How one attempt's reply becomes the client's. An attempt feeds it bytes; it writes to the delivery, commits it with
 * the first content, and ends it. Whatever it returns is why the attempt has failed.
 */
export interface Lane {
  readonly name: 'verbatim' | 'translated'
  readonly request: LaneRequest
  /** The client gets a stream: the clocks for first token and heartbeat run. */
  readonly streams: boolean
  readonly tally: Tally
  /** Of the client's reply; undefined: the upstream's own. */
  readonly contentType: string | undefined
  /** This attempt has shown content. */
  readonly committed: boolean
  /** Everything that matters has come; the body may end, or be cut off, without harm. */
  readonly finished: boolean
  /** Nothing more can come: the target is free for the next request, though its body has not ended yet. */
  readonly done?: boolean
  /** After {@link end}: the answer needs another request to the same target, and this lane takes it up. */
  readonly next?: Lane | undefined
  /** What keeps a silent client waiting; absent: nothing may be said between two pieces. */
  heartbeat?(): string
  begin(head: HttpHead): void
  push(chunk: Uint8Array): Failure | undefined
  /** The body ended cleanly. Undefined: the reply is whole, and has been sent. */
  end(): Failure | undefined
  /** What the client has been sent so far, for a continuation; undefined: too much, or nothing that could be. */
  sent(): SentSoFar | undefined
  /** The in-band error, where the lane keeps a writer of its own. */
  fail?(failure: Failure): string
}

/** What goes to the upstream: {@link HttpRequest}, or the client's own bytes. */
export interface LaneRequest {
  readonly method: HttpRequest['method']
  readonly path: string
  readonly fromRoot?: boolean
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string
}
