import { hash, timingSafeEqual } from 'node:crypto'
import { limits } from '../contract/limits.ts'

/** A new app key. The key itself is shown once and kept nowhere. */
export interface NewAppKey {
  /** `sk-sw-` and 43 characters of base64url: 256 random bits, in the shape that OpenAI clients accept. */
  readonly key: string
  /** What is stored: the SHA-256 of the key, hex. */
  readonly sha256: string
  /** The end of the key, by which people tell their keys apart. */
  readonly last4: string
}

/** Whatever belongs to a key, found by the key's hash. */
export interface HashedKey {
  /** SHA-256 of the key, hex, lower case. */
  readonly sha256: string
}

/** All keys that are valid now; a new table is made when one is created or revoked. */
export interface KeyTable<Key extends HashedKey> {
  /** The record of a presented key; undefined when no valid key is that one. */
  resolve(presented: string): Key | undefined
}

const PREFIX = 'sk-sw-'
const KEY_BYTES = 32

/** Makes a key from 32 bytes of `randomBytes` (`node:crypto`'s in the program). */
export function newAppKey(randomBytes: (size: number) => Buffer): NewAppKey {
  const key = `${PREFIX}${randomBytes(KEY_BYTES).toString('base64url')}`
  return { key, sha256: hashKey(key), last4: key.slice(-4) }
}

/**
 * SHA-256 of a key, hex. A slow hash would protect passwords, which people choose; a key of 256 random bits cannot be
 * guessed, and this runs for every request.
 */
export function hashKey(key: string): string {
  return hash('sha256', key, 'hex')
}

/**
 * Finds keys by their full hash: no prefix, no cache by a part of the key, so two keys never stand for one another
 * (CVE-2026-35030). What a look-up's time could tell is about the hash alone, and the last word is a comparison in
 * constant time. Of two records with the same hash the first one counts.
 */
export function createKeyTable<Key extends HashedKey>(records: readonly Key[]): KeyTable<Key> {
  const byHash = new Map<string, { readonly digest: Buffer; readonly record: Key }>()
  for (const record of records) {
    const sha256 = record.sha256.toLowerCase()
    if (!byHash.has(sha256)) byHash.set(sha256, { digest: Buffer.from(sha256, 'hex'), record })
  }
  return {
    resolve: (presented) => {
      if (presented === '' || presented.length > limits.appKeyChars) return undefined
      const sha256 = hashKey(presented)
      const found = byHash.get(sha256)
      if (found === undefined) return undefined
      const digest = Buffer.from(sha256, 'hex')
      return digest.length === found.digest.length && timingSafeEqual(digest, found.digest) ? found.record : undefined
    },
  }
}
