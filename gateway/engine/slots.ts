import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { Target } from '../contract/route.ts'

/**
 * The parallel limits of targets. Who finds a target full waits in the order of arrival; a place that becomes free
 * goes to the first who waits, never past them.
 */
export interface Slots {
  /** True: the place is taken, and must be given back with {@link release}. */
  tryTake(target: Target): boolean
  /** Waits for a place; `granted` is called once, unless the wait is cancelled before. */
  wait(target: Target, granted: () => void): Waiting | Failure
  release(target: Target): void
}

export interface Waiting {
  cancel(): void
}

interface Desk {
  taken: number
  /** In the order of arrival; a set, so that one who leaves costs nothing to the others. */
  readonly waiting: Set<() => void>
}

export function createSlots(): Slots {
  const desks = new Map<string, Desk>()

  const deskOf = (id: string): Desk => {
    const known = desks.get(id)
    if (known !== undefined) return known
    const desk: Desk = { taken: 0, waiting: new Set() }
    desks.set(id, desk)
    return desk
  }

  return {
    tryTake: (target) => {
      if (target.maxParallelRequests === undefined) return true
      const desk = deskOf(target.id)
      if (desk.waiting.size > 0 || desk.taken >= target.maxParallelRequests) return false
      desk.taken++
      return true
    },
    wait: (target, granted) => {
      const { waiting } = deskOf(target.id)
      if (waiting.size >= limits.queueLength) return queueFull(target)
      const enter = (): void => granted()
      waiting.add(enter)
      return { cancel: () => void waiting.delete(enter) }
    },
    release: (target) => {
      const desk = desks.get(target.id)
      if (target.maxParallelRequests === undefined || desk === undefined) return
      const [next] = desk.waiting
      if (next !== undefined) {
        desk.waiting.delete(next)
        next()
        return
      }
      desk.taken--
      if (desk.taken <= 0) desks.delete(target.id)
    },
  }
}

function queueFull(target: Target): Failure {
  return {
    kind: 'queue-full',
    status: 503,
    message:
      `${target.id} serves ${target.maxParallelRequests} requests at a time and ${limits.queueLength} are waiting. ` +
      'Try again later, or add a target.',
  }
}
