/** A map that forgets what was used least recently once it holds `capacity` entries. */
export interface LruMap<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  readonly size: number
}

/** A JavaScript map iterates in order of insertion, so an entry that is used is simply put in again. */
export function createLruMap<Value>(capacity: number): LruMap<Value> {
  const entries = new Map<string, Value>()

  const get = (key: string): Value | undefined => {
    const value = entries.get(key)
    if (value === undefined) return undefined
    entries.delete(key)
    entries.set(key, value)
    return value
  }

  const set = (key: string, value: Value): void => {
    entries.delete(key)
    entries.set(key, value)
    if (entries.size <= capacity) return
    const oldest = entries.keys().next()
    if (oldest.done !== true) entries.delete(oldest.value)
  }

  return {
    get,
    set,
    get size() {
      return entries.size
    },
  }
}
