import { type Reading, readKeys } from '../reading.ts'
import { isPlaceholderKey } from '../placeholder-keys.ts'
import type { KeyText } from '../readers.ts'
import type { MapNode } from '../source-node.ts'
import { type Draft, fileKeys } from './file-keys.ts'

/** Reads the map of a `spillway.yaml`. */
export function readNative(root: MapNode, reading: Reading): Draft {
  const draft = readKeys(root, fileKeys, reading, '')
  for (const [name, { key }] of draft.providers ?? []) warnOfLiteral(`providers.${name}.key`, key, reading)
  for (const [name, key] of draft.keys ?? []) warnOfLiteral(`keys.${name}`, key, reading)
  return draft
}

function warnOfLiteral(path: string, key: KeyText | undefined, reading: Reading): void {
  if (key?.secret === undefined || key.variable !== undefined || isPlaceholderKey(key.secret)) return
  reading.report.warn(key.at, {
    code: 'key-in-file',
    message: `${path} holds a key itself, which everybody who reads this file then has.`,
    suggestion: 'Put it into an environment variable and write os.environ/NAME here.',
  })
}
