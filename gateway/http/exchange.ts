import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestHead } from './guard/request-head.ts'
import type { AppRecord } from './server-deps.ts'

/** One request that was let in, on its way through the HTTP floor. */
export interface Exchange {
  readonly id: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly head: RequestHead
  readonly params: Readonly<Record<string, string>>
  /** Undefined on routes that need no key. */
  readonly app: AppRecord | undefined
  /** Headers that every answer to this request carries, flat. */
  readonly headers: readonly string[]
  /** The client waits for "100 Continue" before it sends its body. */
  readonly awaitsContinue: boolean
  readonly startedAtMs: number
  readonly startedMonotonicMs: number
}
