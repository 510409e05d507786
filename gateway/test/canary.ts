import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A credential that may be found nowhere, and the ways in which it could be written. */
export interface Canary {
  readonly value: string
  /** The names of the encodings in which `haystack` holds it or a large part of it. */
  findIn(haystack: Buffer | string): readonly string[]
}

/** @param secret its random part, at least 48 characters; half of it is as bad as all of it. */
export function createCanary(prefix: string, secret: string): Canary {
  const value = prefix + secret
  const half = secret.length >> 1
  const texts = new Map([
    ['raw, first half', secret.slice(0, half)],
    ['raw, second half', secret.slice(half)],
    ['reversed', secret.split('').reverse().join('').slice(0, half)],
    ['percent encoded', percent(secret.slice(0, half))],
    ['JSON escapes', escaped(secret.slice(0, half), '\\u00')],
    ['hex escapes', escaped(secret.slice(0, half), '\\x')],
    [
      'HTML entities',
      secret
        .slice(0, half)
        .split('')
        .map((char) => `&#${char.charCodeAt(0)};`)
        .join(''),
    ],
    ['hex', Buffer.from(secret.slice(0, half)).toString('hex')],
    ['decimal list', [...Buffer.from(secret.slice(0, half))].join(',')],
    ['UTF-16 LE', Buffer.from(secret.slice(0, half), 'utf16le').toString('latin1')],
    ['UTF-16 BE', Buffer.from(secret.slice(0, half), 'utf16le').swap16().toString('latin1')],
    ...[0, 1, 2].map((shift) => [`base64, shifted by ${shift}`, base64Inside(secret, shift)] as const),
  ])
  return {
    value,
    findIn: (haystack) => {
      const text = (Buffer.isBuffer(haystack) ? haystack.toString('latin1') : haystack).toLowerCase()
      return [...texts].filter(([, needle]) => text.includes(needle.toLowerCase())).map(([name]) => name)
    },
  }
}

function percent(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
}

function escaped(text: string, prefix: string): string {
  return [...Buffer.from(text)].map((byte) => prefix + byte.toString(16).padStart(2, '0')).join('')
}

/** The part of a base64 text that is the same whatever comes before and after, for one of three alignments. */
function base64Inside(text: string, shift: number): string {
  const encoded = Buffer.from('\0'.repeat(shift) + text.slice(0, 36)).toString('base64')
  return encoded.slice(4, 44)
}

/** Every byte of every file below a folder, by its path. */
export function filesUnder(folder: string): ReadonlyMap<string, Buffer> {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile())
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path, readFileSync(path)]
    }),
  )
}
