/** Where in the window an amount was added: it can be corrected for as long as the window still holds it. */
export type WindowMark = number

/**
 * A sum over the last `windowMs`, exact to the millisecond as long as additions are `stepMs` apart. Those that come
 * closer share one entry that leaves with the last of them, so the sum is never too small and at most one step late;
 * this is what bounds the memory at `windowMs / stepMs + 1` entries however many additions there are.
 */
export interface SlidingWindow {
  /** The sum of what was added in the last `windowMs`. */
  sum(nowMs: number): number
  add(amount: number, nowMs: number): WindowMark
  /** Changes what was added at `mark` by `change`; false when that has already left the window. */
  correct(mark: WindowMark, change: number, nowMs: number): boolean
  /** Milliseconds until the sum has fallen to `target` or below, if nothing is added. */
  waitMs(target: number, nowMs: number): number
}

interface Entry {
  readonly mark: WindowMark
  readonly beganMs: number
  lastMs: number
  amount: number
}

/** An empty window over the last `windowMs`; see {@link SlidingWindow} for what `stepMs` means. */
export function createSlidingWindow(windowMs: number, stepMs: number): SlidingWindow {
  // A queue: entries before `head` have left; the array is cut when half of it is such.
  let entries: Entry[] = []
  let head = 0
  let total = 0
  let nextMark = 0

  const expire = (nowMs: number): void => {
    let entry = entries[head]
    while (entry !== undefined && entry.lastMs + windowMs <= nowMs) {
      total -= entry.amount
      head++
      entry = entries[head]
    }
    if (head === entries.length) total = 0
    if (head === 0 || head * 2 < entries.length) return
    entries = entries.slice(head)
    head = 0
  }

  const sum = (nowMs: number): number => {
    expire(nowMs)
    return total
  }

  const add = (amount: number, nowMs: number): WindowMark => {
    expire(nowMs)
    total += amount
    const newest = entries.at(-1)
    if (newest !== undefined && entries.length > head && nowMs - newest.beganMs < stepMs) {
      newest.amount += amount
      newest.lastMs = nowMs
      return newest.mark
    }
    entries.push({ mark: nextMark, beganMs: nowMs, lastMs: nowMs, amount })
    return nextMark++
  }

  const correct = (mark: WindowMark, change: number, nowMs: number): boolean => {
    expire(nowMs)
    // Marks are consecutive, so the entry is found by subtraction.
    const oldest = entries[head]
    const entry = oldest === undefined || mark < oldest.mark ? undefined : entries[head + mark - oldest.mark]
    if (entry === undefined) return false
    entry.amount += change
    total += change
    return true
  }

  const waitMs = (target: number, nowMs: number): number => {
    expire(nowMs)
    const newest = entries.at(-1)
    // Asked for the headers of every reply: the window is empty when its newest entry has left.
    if (target === 0 && newest !== undefined && newest.amount > 0) return newest.lastMs + windowMs - nowMs
    let left = total
    for (let index = head; index < entries.length && left > target; index++) {
      const entry = entries[index]
      if (entry === undefined) break
      left -= entry.amount
      if (left <= target) return entry.lastMs + windowMs - nowMs
    }
    return 0
  }

  return { sum, add, correct, waitMs }
}
