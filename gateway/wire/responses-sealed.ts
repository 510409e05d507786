import { isJsonObject, type JsonArray, type JsonValue } from '../contract/json.ts'
import { isJsonArray, textOf } from '../kit/json-fields.ts'
import { openReasoning } from './sealed-reasoning.ts'

/**
 * `input` without the reasoning items that hold what another maker signed, sealed by us: an upstream that gets the
 * client's own bytes would take them for its own encryption and refuse them. Undefined where there is none, so that
 * nothing has to change.
 */
export function withoutSealedItems(input: JsonValue | undefined): JsonArray | undefined {
  if (!isJsonArray(input)) return undefined
  const kept = input.filter((item) => !isSealed(item))
  return kept.length === input.length ? undefined : kept
}

function isSealed(item: JsonValue): boolean {
  if (!isJsonObject(item) || item['type'] !== 'reasoning') return false
  const encrypted = textOf(item['encrypted_content'])
  return encrypted !== undefined && openReasoning(encrypted) !== undefined
}
