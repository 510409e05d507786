import { createKeyTable, hashKey, type KeyTable } from './accounts/keys.ts'
import type { AppSettings, GatewayConfig } from './contract/config.ts'
import type { Store } from './store/store.ts'

/** A key that works, with what its app may do. */
export interface RingRecord extends AppSettings {
  readonly sha256: string
  readonly id: string
}

/**
 * Every key that works now: those in the store, those that the configuration states (LiteLLM's `master_key`), and
 * `SPILLWAY_KEY` of the environment. Rebuilt when a key is made or revoked and when the configuration changes.
 */
export interface KeyRing {
  resolve(presented: string): RingRecord | undefined
  readonly isEmpty: boolean
}

export interface KeyRingOptions {
  readonly config: () => GatewayConfig
  readonly store: Pick<Store, 'keys'>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Subscribes to changes of the configuration. */
  readonly onConfigChange: (listener: () => void) => void
  /** A key stopped working: its live requests must end. */
  readonly onRevoked: (record: RingRecord) => void
  /** Keys of this run alone, which are kept nowhere. */
  readonly ephemeral?: readonly EphemeralKey[]
}

/** A key that lives in memory: its owner, and its hash. */
export interface EphemeralKey {
  readonly id: string
  readonly name: string
  readonly sha256: string
}

/** Makes the ring, which follows the store and the configuration from then on. */
export function createKeyRing(options: KeyRingOptions): KeyRing {
  const { store, onRevoked } = options
  let records = readRecords(options)
  let table: KeyTable<RingRecord> = createKeyTable(records)

  const rebuild = (): void => {
    const before = records
    records = readRecords(options)
    table = createKeyTable(records)
    const working = new Set(records.map((record) => record.id))
    for (const record of before) if (!working.has(record.id)) onRevoked(record)
  }
  store.keys.onChange(rebuild)
  options.onConfigChange(rebuild)

  return {
    resolve: (presented) => table.resolve(presented),
    get isEmpty() {
      return records.length === 0
    },
  }
}

function readRecords({ config, store, env, ephemeral = [] }: KeyRingOptions): readonly RingRecord[] {
  const current = config()
  const stated = current.server.staticKeys.map(({ name, sha256 }) => ({ id: `config:${name}`, name, sha256 }))
  const fromEnv = env['SPILLWAY_KEY']
  const environment = fromEnv ? [{ id: 'env:SPILLWAY_KEY', name: 'env', sha256: hashKey(fromEnv) }] : []
  const created = store.keys.list().filter((key) => key.revokedAtMs === undefined)
  return [...stated, ...environment, ...ephemeral, ...created].map(({ id, name, sha256 }) => ({
    ...settingsOf(name, current),
    id,
    sha256,
  }))
}

function settingsOf(name: string, config: GatewayConfig): AppSettings {
  return config.apps.find((app) => app.name === name) ?? { ...UNRESTRICTED, name }
}

const UNRESTRICTED: Omit<AppSettings, 'name'> = {
  models: undefined,
  origins: [],
  rpm: undefined,
  tpm: undefined,
  maxParallelRequests: undefined,
}
