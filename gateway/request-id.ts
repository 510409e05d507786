import { randomFillSync } from 'node:crypto'

const RANDOM_BYTES = 12

/** Random bytes for a few hundred ids: asking for them one id at a time costs more than all else about an id. */
const pool = Buffer.allocUnsafeSlow(RANDOM_BYTES * 256)
let used = pool.length

/**
 * A new request id: the time in milliseconds, then 96 random bits. Ids that grow with time are appended to the end of
 * the log's index, where random ones would touch another page for every row.
 */
export function newRequestId(nowMs: number): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const from = used
  used += RANDOM_BYTES
  return `${nowMs.toString(36)}-${pool.toString('hex', from, used)}`
}
