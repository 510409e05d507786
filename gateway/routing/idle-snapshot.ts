import type { Health, Snapshot } from '../contract/route.ts'

const CLOSED: Health = { state: 'closed' }
const UNUSED = { requests: 0, tokens: 0 }

/** A world in which nothing has happened yet: every target is well, idle and unmeasured. */
export function idleSnapshot(atMs: number): Snapshot {
  return {
    atMs,
    health: () => CLOSED,
    inFlight: () => 0,
    usage: () => UNUSED,
    latency: () => undefined,
  }
}
