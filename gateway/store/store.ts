import type { Clock } from '../contract/clock.ts'
import type { LogSettings } from '../contract/config.ts'
import { isFailure } from '../contract/failure.ts'
import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { RequestLogSink } from '../contract/request-log.ts'
import type { ResponseStore } from '../contract/stored-response.ts'
import type { AppKey, NewAppKey } from './key-table.ts'
import type { LedgerState } from './ledger-file.ts'
import { createLogQueue } from './log-queue.ts'
import type { LogQuery, StoredRequest } from './log-query.ts'
import { findWorkerFile } from './worker-file.ts'
import { createWorkerLink } from './worker-link.ts'
import type { WorkerLink } from './worker-link.ts'

export interface StoreOptions {
  readonly dataDir: string
  readonly logs: LogSettings
  readonly clock: Clock
  /** What a person should know: damaged files, a full disk, a worker that died. */
  readonly onNotice: (message: string) => void
  /** The worker's program, where it is not in one of the usual places. */
  readonly worker?: URL
}

/** Request rows and app keys, kept by a worker thread. Nothing here blocks, throws or rejects. */
export interface Store {
  readonly log: RequestLogSink
  readonly keys: StoreKeys
  readonly responses: ResponseStore
  /** Resolves when every row appended before is in the file or counted as lost. */
  flush(): Promise<void>
  queryLogs(query: LogQuery): Promise<readonly StoredRequest[] | Failure>
  /** Hands over rows as they are written, those that match, in order. The result stops it. */
  followLogs(query: Omit<LogQuery, 'afterSeq' | 'limit'>, onRows: (rows: readonly StoredRequest[]) => void): () => void
  stats(): Promise<StoreStats>
  /** Writes what is waiting, tidies the files up and ends the worker. */
  close(): Promise<void>
}

export interface StoreKeys {
  /** The keys as they are now, revoked ones included, oldest first. Synchronous: the request path asks. */
  list(): readonly AppKey[]
  readonly state: LedgerState
  create(key: NewAppKey): Promise<AppKey | Failure>
  revoke(idOrName: string): Promise<AppKey | Failure>
  /** Tells of every change, also those that other processes make (within `limits.ledgerPollMs`). Gives its undoing. */
  onChange(listener: (keys: readonly AppKey[]) => void): () => void
}

export interface StoreStats {
  /** In the log now. */
  readonly rows: number
  readonly bytes: number
  /** Lost since the start. */
  readonly droppedRows: number
  /** `off`: the worker is gone for good. */
  readonly place: 'file' | 'memory' | 'off'
}

/** Starts the worker and waits until it has opened its files: tens of milliseconds. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { dataDir, logs, clock, onNotice } = options
  const keyring = createKeyring()
  const worker = options.worker ?? findWorkerFile(import.meta.url)
  const link = createWorkerLink({ worker, settings: { dataDir, logs }, onKeys: keyring.replace, onNotice })
  const followers = createFollowers(link)
  const queue = createLogQueue({
    clock,
    onNotice,
    write: async (rows) => {
      const reply = await link.call({ type: 'write', rowsJson: JSON.stringify(rows) })
      const written = isFailure(reply) ? 0 : reply.written
      if (written > 0) followers.wake()
      return written
    },
  })
  await link.started

  return {
    log: queue,
    keys: {
      list: keyring.list,
      onChange: keyring.onChange,
      get state() {
        return keyring.state
      },
      create: (key) => link.call({ type: 'create-key', key }),
      revoke: (idOrName) => link.call({ type: 'revoke-key', idOrName }),
    },
    responses: {
      save: async (response) => void (await link.call({ type: 'save-response', response })),
      load: async (id, appId) => {
        const found = await link.call({ type: 'load-response', id, appId })
        return found === null || isFailure(found) ? undefined : found
      },
      remove: async (id, appId) => (await link.call({ type: 'remove-response', id, appId })) === true,
    },
    flush: () => queue.flush(),
    queryLogs: (query) => link.call({ type: 'query', query }),
    followLogs: followers.add,
    stats: async () => {
      const size = await link.call({ type: 'size' })
      const droppedRows = queue.droppedRows
      return isFailure(size) ? { rows: 0, bytes: 0, droppedRows, place: 'off' } : { ...size, droppedRows }
    },
    close: async () => {
      await queue.flush()
      await link.call({ type: 'close' })
      await link.stop()
    },
  }
}

interface Keyring extends Pick<StoreKeys, 'list' | 'state' | 'onChange'> {
  readonly replace: (keys: readonly AppKey[], ledger: LedgerState) => void
}

/** The main thread's copy of the keys. */
function createKeyring(): Keyring {
  let keys: readonly AppKey[] = []
  let state: LedgerState = 'unavailable'
  const listeners = new Set<(keys: readonly AppKey[]) => void>()
  return {
    list: () => keys,
    get state() {
      return state
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    replace: (next, ledger) => {
      keys = next
      state = ledger
      for (const listener of listeners) listener(next)
    },
  }
}

interface Followers {
  readonly add: Store['followLogs']
  /** Rows were written. */
  readonly wake: () => void
}

/** Each follower reads on from its own cursor, one query at a time: a slow one misses nothing and piles nothing up. */
function createFollowers(link: WorkerLink): Followers {
  const wakers = new Set<() => void>()

  const add: Store['followLogs'] = (query, onRows) => {
    let cursor: number | undefined
    let isReading = false
    let isStale = false
    const read = async (): Promise<void> => {
      isStale = true
      if (isReading) return
      isReading = true
      while (isStale && wakers.has(wake)) {
        isStale = false
        cursor ??= await positionOf(link)
        const rows = await link.call({
          type: 'query',
          query: { ...query, afterSeq: cursor, limit: limits.logBatchRows },
        })
        if (isFailure(rows) || rows.length === 0 || !wakers.has(wake)) continue
        cursor = rows.at(-1)?.seq ?? cursor
        isStale = true
        onRows(rows)
      }
      isReading = false
    }
    const wake = (): void => void read()
    wakers.add(wake)
    wake()
    return () => void wakers.delete(wake)
  }

  return { add, wake: () => wakers.forEach((wake) => wake()) }
}

async function positionOf(link: WorkerLink): Promise<number> {
  const position = await link.call({ type: 'position' })
  return isFailure(position) ? 0 : position
}
