import type { LogSettings } from '../contract/config.ts'
import type { Failure } from '../contract/failure.ts'
import type { StoredResponse } from '../contract/stored-response.ts'
import type { AppKey, NewAppKey } from './key-table.ts'
import type { LedgerState } from './ledger-file.ts'
import type { LogQuery, StoredRequest } from './log-query.ts'

/** What the worker is started with. Messages are structured clones, so everything here is plain data. */
export interface StoreSettings {
  readonly dataDir: string
  readonly logs: LogSettings
}

/** What the worker can be asked; each may be asked twice without harm, because a worker that died is asked again. */
export type StoreRequest =
  /** `rowsJson`: an array of `RequestLog`. Text, because cloning the objects costs both threads half as much again. */
  | { readonly type: 'write'; readonly rowsJson: string }
  | { readonly type: 'query'; readonly query: LogQuery }
  | { readonly type: 'position' }
  | { readonly type: 'size' }
  | { readonly type: 'create-key'; readonly key: NewAppKey }
  | { readonly type: 'revoke-key'; readonly idOrName: string }
  | { readonly type: 'save-response'; readonly response: StoredResponse }
  | { readonly type: 'load-response'; readonly id: string; readonly appId: string }
  | { readonly type: 'remove-response'; readonly id: string; readonly appId: string }
  | { readonly type: 'close' }

/** What each request is answered with. */
export interface StoreReplies {
  readonly write: { readonly written: number }
  readonly query: readonly StoredRequest[]
  /** `seq` of the newest row. */
  readonly position: number
  readonly size: WorkerSize
  readonly 'create-key': AppKey | Failure
  readonly 'revoke-key': AppKey | Failure
  readonly 'save-response': null
  readonly 'load-response': StoredResponse | null
  readonly 'remove-response': boolean
  readonly close: null
}

export interface WorkerSize {
  readonly rows: number
  readonly bytes: number
  readonly place: 'file' | 'memory'
}

export type ReplyTo<Request extends StoreRequest> = StoreReplies[Request['type']]

export interface StoreCall {
  readonly id: number
  readonly request: StoreRequest
}

/** What the worker says: answers, and what it has to tell unasked. */
export type StoreMessage =
  | { readonly type: 'reply'; readonly id: number; readonly value: StoreReplies[keyof StoreReplies] | Failure }
  | { readonly type: 'keys'; readonly keys: readonly AppKey[]; readonly ledger: LedgerState }
  | { readonly type: 'ready' }
  | { readonly type: 'notice'; readonly message: string }
