import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { DatabaseConnection } from './database.ts'

/** An app key as it is stored: who may call, and never the key itself. */
export interface AppKey {
  readonly id: string
  readonly name: string
  /** SHA-256 of the whole key, lower-case hex. */
  readonly sha256: string
  /** The key's last four characters, so that people recognise it. */
  readonly last4: string
  readonly createdAtMs: number
  /** Undefined: the key works. */
  readonly revokedAtMs: number | undefined
}

/** What the maker of a key hands over for keeping. */
export interface NewAppKey {
  readonly name: string
  readonly sha256: string
  readonly last4: string
}

/** The table of app keys. Everything here blocks, and throws SQLite's errors. */
export interface KeyTable {
  /** Oldest first, revoked ones included. */
  list(): readonly AppKey[]
  /** Storing the same hash under the same name twice gives the first row: a request that is repeated does no harm. */
  create(key: NewAppKey, nowMs: number): AppKey | Failure
  /** By id, or by the name of a key that works. Revoking a revoked key changes nothing. */
  revoke(idOrName: string, nowMs: number): AppKey | Failure
}

interface KeyRecord {
  readonly id: string
  readonly name: string
  readonly sha256: string
  readonly last4: string
  readonly created_at_ms: number
  readonly revoked_at_ms: number | null
}

/** The keys in an open ledger, whose schema is up to date. */
export function createKeyTable(database: DatabaseConnection): KeyTable {
  const all = database.prepare<[], KeyRecord>('SELECT * FROM app_keys ORDER BY created_at_ms, rowid')
  const add = database.prepare<[KeyRecord]>(
    'INSERT INTO app_keys VALUES (@id, @name, @sha256, @last4, @created_at_ms, @revoked_at_ms)',
  )
  const markRevoked = database.prepare<[number, string]>('UPDATE app_keys SET revoked_at_ms = ? WHERE id = ?')
  const forget = database.prepare<[string]>('DELETE FROM app_keys WHERE id = ?')
  const list = (): readonly AppKey[] => all.all().map(fromRecord)

  const create = database.transaction((key: NewAppKey, nowMs: number): AppKey | Failure => {
    const name = key.name.trim()
    const existing = list()
    const same = existing.find(({ sha256 }) => sha256 === key.sha256)
    if (same !== undefined && same.name === name && same.revokedAtMs === undefined) return same
    const refusal = refusalOf(name, existing)
    if (refusal !== undefined) return { kind: 'invalid-request', message: refusal }
    // A revoked key is kept for the sake of old log rows only, and those do not need it to be refused.
    const longestRevoked = existing.length < limits.appKeys ? undefined : existing.find(isRevoked)
    if (longestRevoked !== undefined) forget.run(longestRevoked.id)
    // Enough of the hash to be unique among a thousand keys, and it needs no randomness of its own.
    const created = { id: `app_${key.sha256.slice(0, 12)}`, name, sha256: key.sha256, last4: key.last4 }
    add.run({ ...created, created_at_ms: nowMs, revoked_at_ms: null })
    return { ...created, createdAtMs: nowMs, revokedAtMs: undefined }
  })

  const revoke = database.transaction((idOrName: string, nowMs: number): AppKey | Failure => {
    const keys = list()
    const key =
      keys.find(({ id }) => id === idOrName) ??
      keys.find(({ name, revokedAtMs }) => name === idOrName && revokedAtMs === undefined)
    if (key === undefined) return { kind: 'invalid-request', message: unknownKey(idOrName, keys) }
    if (key.revokedAtMs !== undefined) return key
    markRevoked.run(nowMs, key.id)
    return { ...key, revokedAtMs: nowMs }
  })

  return {
    list,
    create: (key, nowMs) => create.immediate(key, nowMs),
    revoke: (idOrName, nowMs) => revoke.immediate(idOrName, nowMs),
  }
}

function refusalOf(name: string, existing: readonly AppKey[]): string | undefined {
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._@:/-]*$/u.test(name) || name.length > limits.appKeyNameChars) {
    return `"${name.slice(0, limits.appKeyNameChars)}" is not a name for a key: use up to ${limits.appKeyNameChars} letters, digits, spaces and . _ - @ : /, beginning with a letter or digit.`
  }
  if (existing.some((key) => key.name === name && key.revokedAtMs === undefined)) {
    return `There is a key named "${name}" already. Choose another name, or revoke that one first: spillway keys revoke ${name}`
  }
  if (existing.length >= limits.appKeys && !existing.some(isRevoked)) {
    return `There are ${limits.appKeys} keys already: that is the limit. Revoke one that is not used: spillway keys revoke NAME`
  }
  return undefined
}

function isRevoked({ revokedAtMs }: AppKey): boolean {
  return revokedAtMs !== undefined
}

function unknownKey(idOrName: string, keys: readonly AppKey[]): string {
  const names = keys.filter(({ revokedAtMs }) => revokedAtMs === undefined).map(({ name }) => name)
  const known =
    names.length === 0 ? 'There are none.' : `There are: ${names.slice(0, limits.namesInMessage).join(', ')}.`
  return `No working key has the id or name "${idOrName.slice(0, limits.appKeyNameChars)}". ${known}`
}

function fromRecord(record: KeyRecord): AppKey {
  return {
    id: record.id,
    name: record.name,
    sha256: record.sha256,
    last4: record.last4,
    createdAtMs: record.created_at_ms,
    revokedAtMs: record.revoked_at_ms ?? undefined,
  }
}
