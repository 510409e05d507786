/** A map that forgets what was used least recently once it holds too much. */
export interface LruMap<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  readonly size: number
}

export interface LruOptions<Value> {
  /** All entries together may weigh so much. */
  readonly maxWeight: number
  /** Of one entry, in the unit of `maxWeight`. */
  weightOf(value: Value): number
}

/**
 * At most `capacity` entries, and, where that is said, at most so much weight. A JavaScript map iterates in order of
 * insertion, so an entry that is used is simply put in again.
 */
export function createLruMap<Value>(capacity: number, weighing?: LruOptions<Value>): LruMap<Value> {
  const maxWeight = weighing?.maxWeight ?? Infinity
  let weight = 0
  const weightOf = (value: Value): number => weighing?.weightOf(value) ?? 0
  const entries = new Map<string, Value>()

  const get = (key: string): Value | undefined => {
    const value = entries.get(key)
    if (value === undefined) return undefined
    entries.delete(key)
    entries.set(key, value)
    return value
  }

  const set = (key: string, value: Value): void => {
    remove(key)
    entries.set(key, value)
    weight += weightOf(value)
    while (isTooMuch()) {
      const oldest = entries.keys().next()
      if (oldest.done === true) return
      remove(oldest.value)
    }
  }

  const isTooMuch = (): boolean => entries.size > capacity || weight > maxWeight

  const remove = (key: string): void => {
    const value = entries.get(key)
    if (value === undefined) return
    weight -= weightOf(value)
    entries.delete(key)
  }

  return {
    get,
    set,
    get size() {
      return entries.size
    },
  }
}
