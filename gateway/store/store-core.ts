import type { Clock } from '../contract/clock.ts'
import { isFailure } from '../contract/failure.ts'
import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { RequestLog } from '../contract/request-log.ts'
import { prepareDataFolder } from './data-folder.ts'
import { openLedgerFile } from './ledger-file.ts'
import type { LedgerFile } from './ledger-file.ts'
import { openLogFile } from './log-file.ts'
import type { LogFile } from './log-file.ts'
import { openResponseFile } from './response-file.ts'
import type { ResponseFile } from './response-file.ts'
import { explain } from './sqlite-error.ts'
import type { ReplyTo, StoreCall, StoreMessage, StoreReplies, StoreRequest, StoreSettings } from './protocol.ts'

export interface StoreCoreDeps {
  readonly settings: StoreSettings
  readonly clock: Clock
  readonly send: (message: StoreMessage) => void
}

/** What the worker does, without the thread: tests run it in their own. */
export interface StoreCore {
  handle(call: StoreCall): void
}

/** Opens both files, says `ready`, and starts the housekeeping. Never throws because of what is on the disk. */
export function createStoreCore({ settings, clock, send }: StoreCoreDeps): StoreCore {
  const notice = (message: string): void => send({ type: 'notice', message })
  const dataDir = usableFolder(settings.dataDir, notice)
  const nowMs = (): number => clock.nowMs()
  const ledger = openLedgerFile({ dataDir, nowMs, notice })
  const logs = openLogFile({ dataDir, rules: settings.logs, nowMs, notice })
  const responses = openResponseFile({ dataDir, nowMs, notice })
  const sendKeys = (): void => send({ type: 'keys', keys: ledger.list(), ledger: ledger.state })
  const stopHousekeeping = startHousekeeping({ ledger, logs, responses, clock, sendKeys })

  sendKeys()
  send({ type: 'ready' })

  const answer = (request: StoreRequest): StoreReplies[keyof StoreReplies] => {
    switch (request.type) {
      case 'write':
        return { written: logs.write(readRows(request.rowsJson)) } satisfies ReplyTo<typeof request>
      case 'query':
        return logs.select(request.query) satisfies ReplyTo<typeof request>
      case 'position':
        return logs.lastSeq() satisfies ReplyTo<typeof request>
      case 'size':
        return { ...logs.size(), place: logs.place } satisfies ReplyTo<typeof request>
      case 'create-key':
        return changed(ledger.create(request.key, nowMs()), sendKeys)
      case 'revoke-key':
        return changed(ledger.revoke(request.idOrName, nowMs()), sendKeys)
      case 'save-response':
        responses.save(request.response)
        return null satisfies ReplyTo<typeof request>
      case 'load-response':
        return (responses.load(request.id, request.appId) ?? null) satisfies ReplyTo<typeof request>
      case 'remove-response':
        return responses.remove(request.id, request.appId) satisfies ReplyTo<typeof request>
      case 'close':
        break
    }
    stopHousekeeping()
    logs.close()
    ledger.close()
    responses.close()
    return null
  }

  return {
    handle: ({ id, request }) => send({ type: 'reply', id, value: guarded(() => answer(request)) }),
  }
}

/** Written by the store's other half. */
function readRows(json: string): readonly RequestLog[] {
  return JSON.parse(json)
}

interface HousekeepingDeps {
  readonly ledger: LedgerFile
  readonly logs: LogFile
  readonly responses: ResponseFile
  readonly clock: Clock
  readonly sendKeys: () => void
}

/** Two rounds, each on one timer: keys and checkpoints every second, retention every minute in small bites. */
function startHousekeeping({ ledger, logs, responses, clock, sendKeys }: HousekeepingDeps): () => void {
  const second = clock.startTimer(limits.ledgerPollMs, () => {
    if (ledger.changedElsewhere()) sendKeys()
    logs.checkpoint()
    ledger.checkpoint()
    responses.checkpoint()
    second.restart()
  })
  let retention = clock.startTimer(limits.logDeletePauseMs, prune)
  function prune(): void {
    const more = logs.prune(clock.nowMs())
    responses.prune(clock.nowMs())
    retention = clock.startTimer(more ? limits.logDeletePauseMs : limits.logRetentionIntervalMs, prune)
  }
  return () => {
    second.cancel()
    retention.cancel()
  }
}

function usableFolder(dataDir: string, notice: (message: string) => void): string | undefined {
  try {
    prepareDataFolder(dataDir)
    return dataDir
  } catch (error) {
    notice(`Keys and logs are kept in memory for this run only, because ${dataDir} cannot be used: ${explain(error)}`)
    return undefined
  }
}

/** The new list goes out before the reply: whoever waited for the reply finds it in force. */
function changed<Result>(result: Result, sendKeys: () => void): Result {
  if (!isFailure(result)) sendKeys()
  return result
}

function guarded<Value>(work: () => Value): Value | Failure {
  try {
    return work()
  } catch (error) {
    return { kind: 'internal', message: `The store could not answer: ${explain(error)}` }
  }
}
