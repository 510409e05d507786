import { Worker } from 'node:worker_threads'
import type { Failure } from '../contract/failure.ts'
import type { AppKey } from './key-table.ts'
import type { LedgerState } from './ledger-file.ts'
import type { ReplyTo, StoreCall, StoreMessage, StoreRequest, StoreSettings } from './protocol.ts'

export interface WorkerLinkDeps {
  readonly worker: URL
  readonly settings: StoreSettings
  readonly onKeys: (keys: readonly AppKey[], ledger: LedgerState) => void
  readonly onNotice: (message: string) => void
}

/** The main thread's end of the line to the worker. */
export interface WorkerLink {
  /** Resolves when the worker has opened its files, or is known never to. */
  readonly started: Promise<void>
  /** Never rejects: a worker that is gone for good answers with a failure. */
  call<Request extends StoreRequest>(request: Request): Promise<ReplyTo<Request> | Failure>
  /** Ends the thread, whatever it is doing. Idempotent. */
  stop(): Promise<void>
}

/** A second crash is no accident: then the store is off until the next start. */
const RESTARTS = 1

const GONE: Failure = {
  kind: 'internal',
  message: 'The store is off, because its worker is gone. Restart Spillway; if it happens again run: spillway doctor',
}

/**
 * Starts the worker. When it dies it is started once more, and everything that it had not answered is asked again:
 * rows have ids and keys have hashes, so nothing is stored twice.
 */
export function createWorkerLink(deps: WorkerLinkDeps): WorkerLink {
  const started = Promise.withResolvers<void>()
  const calls = createPendingCalls()
  let restarts = 0
  let state: 'running' | 'gone' | 'stopped' = 'running'
  let worker = spawn()

  function spawn(): Worker {
    return startThread(deps, { onMessage, onExit })
  }

  function onMessage(message: StoreMessage): void {
    switch (message.type) {
      case 'notice':
        deps.onNotice(message.message)
        return
      case 'keys':
        deps.onKeys(message.keys, message.ledger)
        return
      case 'ready':
        started.resolve()
        break
      case 'reply':
        calls.settle(message.id, message.value)
    }
    if (calls.waiting().length === 0) worker.unref()
  }

  function onExit(why: string): void {
    if (state !== 'running') return
    if (restarts === RESTARTS) {
      state = 'gone'
      deps.onKeys([], 'unavailable')
      deps.onNotice(`The store's worker stopped again: ${why}. Logs are not kept, and no app key is accepted.`)
      calls.settleAll(GONE)
      started.resolve()
      return
    }
    restarts += 1
    deps.onNotice(`The store's worker stopped and was started again: ${why}.`)
    worker = spawn()
    for (const call of calls.waiting()) post(call)
  }

  function post(call: StoreCall): void {
    // While somebody waits for an answer the process must not end; an idle worker never keeps it alive.
    worker.ref()
    worker.postMessage(call, [])
  }

  return {
    started: started.promise,
    call: (request) =>
      new Promise((resolve) => {
        if (state === 'running') post(calls.add(request, resolve))
        else resolve(GONE)
      }),
    stop: async () => {
      if (state === 'running') state = 'stopped'
      await worker.terminate()
      calls.settleAll(GONE)
    },
  }
}

interface ThreadEvents {
  readonly onMessage: (message: StoreMessage) => void
  readonly onExit: (why: string) => void
}

function startThread({ worker, settings }: WorkerLinkDeps, { onMessage, onExit }: ThreadEvents): Worker {
  // No environment: it holds provider keys, and a thread that writes files has no use for them.
  const thread = new Worker(worker, { workerData: settings, env: {}, execArgv: [], name: 'spillway-store' })
  let why = 'it was ended from outside'
  thread.on('message', onMessage)
  thread.on('error', (error) => {
    why = error instanceof Error ? error.message : String(error)
  })
  thread.on('exit', () => onExit(why))
  thread.ref()
  return thread
}

interface PendingCall {
  readonly call: StoreCall
  /** A method on purpose: each caller expects its own reply's type, which follows from its request's. */
  settle(value: unknown): void
}

interface PendingCalls {
  add(request: StoreRequest, settle: PendingCall['settle']): StoreCall
  settle(id: number, value: unknown): void
  settleAll(value: unknown): void
  waiting(): readonly StoreCall[]
}

/** What the worker was asked and has not answered. Bounded by its callers: rows come one batch at a time. */
function createPendingCalls(): PendingCalls {
  const pending = new Map<number, PendingCall>()
  let lastId = 0
  const settle = (id: number, value: unknown): void => {
    const entry = pending.get(id)
    pending.delete(id)
    entry?.settle(value)
  }
  return {
    add: (request, settleOne) => {
      lastId += 1
      const call = { id: lastId, request }
      pending.set(lastId, { call, settle: settleOne })
      return call
    },
    settle,
    settleAll: (value) => [...pending.keys()].forEach((id) => settle(id, value)),
    waiting: () => [...pending.values()].map(({ call }) => call),
  }
}
