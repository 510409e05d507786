import type { Conversion } from '../contract/conversion.ts'

/** The answer would be another one without it. */
export function lost(field: string, why: string): Conversion {
  return { field, did: 'dropped', why, matters: true }
}

/** A hint that this upstream has no use for. */
export function ignored(field: string, why: string): Conversion {
  return { field, did: 'dropped', why, matters: false }
}

/** Sent in another form, which does nearly the same. */
export function changed(field: string, why: string): Conversion {
  return { field, did: 'changed', why, matters: false }
}
