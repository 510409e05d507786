import type { Clock, Timer } from '../contract/clock.ts'
import { limits } from '../contract/limits.ts'
import type { RequestLog, RequestLogSink } from '../contract/request-log.ts'

export interface LogQueueDeps {
  readonly clock: Clock
  /** Writes one batch and tells how many of its rows were kept. Must not reject. */
  readonly write: (rows: readonly RequestLog[]) => Promise<number>
  readonly onNotice: (message: string) => void
}

/** Rows on their way from the request path to the writer. */
export interface LogQueue extends RequestLogSink {
  /** Resolves when every row that was appended before has been written or counted as lost. */
  flush(): Promise<void>
  /** Rows lost since the start: refused because the queue was full, or not kept by the writer. */
  readonly droppedRows: number
}

/**
 * Appending is an array push. A batch leaves when it is full or `limits.logBatchMs` after its first row, one at a
 * time: so a writer that is slow makes this queue grow, where it is bounded, and never the mailbox of a thread.
 */
export function createLogQueue({ clock, write, onNotice }: LogQueueDeps): LogQueue {
  let waiting: RequestLog[] = []
  let underWay: Promise<void> | undefined
  let timer: Timer | undefined
  let due = false
  let droppedRows = 0
  let isFull = false

  const send = (): void => {
    if (underWay !== undefined || waiting.length === 0) return
    timer?.cancel()
    timer = undefined
    due = false
    const batch = waiting.slice(0, limits.logBatchRows)
    waiting = waiting.slice(limits.logBatchRows)
    underWay = deliver(batch)
  }

  const deliver = async (batch: readonly RequestLog[]): Promise<void> => {
    const written = await write(batch)
    droppedRows += batch.length - written
    underWay = undefined
    // Not before everything is written: a queue that stays near its bound is one event, not one for each batch.
    if (waiting.length === 0) isFull = false
    sendOrWait()
  }

  const sendOrWait = (): void => {
    if (due || waiting.length >= limits.logBatchRows) {
      send()
      return
    }
    if (waiting.length === 0 || timer !== undefined) return
    timer = clock.startTimer(limits.logBatchMs, () => {
      timer = undefined
      due = true
      send()
    })
  }

  return {
    append: (row) => {
      if (waiting.length >= limits.logQueueRows) {
        droppedRows += 1
        if (!isFull) onNotice('Request logs come faster than they can be written: rows are being dropped.')
        isFull = true
        return
      }
      waiting.push(row)
      sendOrWait()
    },
    flush: async () => {
      for (;;) {
        send()
        if (underWay === undefined) return
        await underWay
      }
    },
    get droppedRows() {
      return droppedRows
    },
  }
}
