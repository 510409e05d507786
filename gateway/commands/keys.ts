import { isFailure } from '../contract/failure.ts'
import { openKeyLedger } from '../store/ledger-file.ts'
import type { KeyLedger } from '../store/ledger-file.ts'
import type { AppKey } from '../store/key-table.ts'
import type { Command, CommandIo } from './command.ts'

export interface KeysDeps {
  readonly dataDir: string
  /** Makes a key that is shown once, and what is kept of it. */
  readonly newKey: () => { readonly key: string; readonly sha256: string; readonly last4: string }
}

/** Printed when it is called wrongly. */
export const KEYS_USAGE = 'Usage: spillway keys create NAME | list | revoke NAME'

/** `spillway keys`: works beside a running server, which sees the change within a second. */
export function createKeysCommand(deps: KeysDeps): Command {
  return (args, io) => {
    const [action, name, ...rest] = args
    const isUsed = action === 'list' ? name === undefined : name !== undefined && rest.length === 0
    const run = action === undefined || !isUsed ? undefined : ACTIONS.get(action)
    if (run === undefined) return Promise.resolve(complain(io, KEYS_USAGE, 2))
    const ledger = openKeyLedger(deps.dataDir)
    if (isFailure(ledger)) return Promise.resolve(complain(io, ledger.message, 1))
    try {
      return Promise.resolve(run({ ledger, name: name ?? '', io, deps }))
    } finally {
      ledger.close()
    }
  }
}

interface Action {
  readonly ledger: KeyLedger
  readonly name: string
  readonly io: CommandIo
  readonly deps: KeysDeps
}

/** A map, because an object would also know actions named `constructor`. */
const ACTIONS: ReadonlyMap<string, (action: Action) => number> = new Map([
  ['create', create],
  ['list', list],
  ['revoke', revoke],
])

/** The key goes to standard output alone on its line, so that a script can take it. */
function create({ ledger, name, io, deps }: Action): number {
  const { key, sha256, last4 } = deps.newKey()
  const created = ledger.create({ name, sha256, last4 }, io.clock.nowMs())
  if (isFailure(created)) return complain(io, created.message, 1)
  io.error(`Key for "${created.name}", shown this once. Give it to one program, as its API key:`)
  io.out(key)
  return 0
}

function list({ ledger, io }: Action): number {
  const keys = ledger.list()
  if (isFailure(keys)) return complain(io, keys.message, 1)
  if (keys.length === 0) io.error('There are no keys yet. Make one with: spillway keys create NAME')
  const width = Math.max(0, ...keys.map(({ name }) => name.length))
  for (const key of keys) io.out(lineOf(key, width))
  return 0
}

function revoke({ ledger, name, io }: Action): number {
  const revoked = ledger.revoke(name, io.clock.nowMs())
  if (isFailure(revoked)) return complain(io, revoked.message, 1)
  io.out(`Revoked the key of "${revoked.name}" (…${revoked.last4}).`)
  return 0
}

function lineOf(key: AppKey, width: number): string {
  const state = key.revokedAtMs === undefined ? 'works' : `revoked ${dayOf(key.revokedAtMs)}`
  return `${key.name.padEnd(width)}  …${key.last4}  ${key.id}  made ${dayOf(key.createdAtMs)}  ${state}`
}

function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10)
}

function complain(io: CommandIo, message: string, code: 1 | 2): number {
  io.error(message)
  return code
}
