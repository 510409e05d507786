import { randomUUID } from 'node:crypto'

/**
 * A new request id: the time in milliseconds, then 96 random bits. Ids that grow with time are appended to the end of
 * the log's index, where random ones would touch another page for every row.
 */
export function newRequestId(nowMs: number): string {
  return nowMs.toString(36) + randomUUID().slice(8)
}
