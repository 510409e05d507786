import type { Conversion } from '../contract/conversion.ts'

/** Collects what a request could not carry over, while its body is written. */
export class Conversions {
  readonly list: Conversion[] = []

  /** The answer would be another one without it. */
  lost(field: string, why: string): void {
    this.list.push({ field, did: 'dropped', why, matters: true })
  }

  /** A hint that Anthropic has no use for. */
  ignored(field: string, why: string): void {
    this.list.push({ field, did: 'dropped', why, matters: false })
  }

  /** Sent in another form, which does nearly the same. */
  changed(field: string, why: string): void {
    this.list.push({ field, did: 'changed', why, matters: false })
  }

  /** Sent in another form, which does less. */
  weakened(field: string, why: string): void {
    this.list.push({ field, did: 'changed', why, matters: true })
  }

  /** Put right, because Anthropic would have refused it. */
  repaired(field: string, why: string): void {
    this.list.push({ field, did: 'repaired', why, matters: false })
  }
}
