import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject } from '../contract/json.ts'
import { repaired } from './conversions.ts'

/** Blocks in a row that one side says: wires of Anthropic's kind want the sides to alternate. */
export interface Turn {
  readonly role: 'user' | 'assistant'
  readonly blocks: JsonObject[]
}

/** Adds blocks to the last turn where that is of the same side. */
export function appendTurn(turns: Turn[], role: Turn['role'], blocks: readonly JsonObject[]): void {
  if (blocks.length === 0) return
  const last = turns.at(-1)
  if (last?.role === role) last.blocks.push(...blocks)
  else turns.push({ role, blocks: [...blocks] })
}

/**
 * Puts a turn of the user first, because a conversation without a turn, or one that the assistant begins, is refused.
 * @param dot a block of text that says as good as nothing
 * @returns the system prompt, empty where it became a turn
 */
export function openWithUser(
  turns: Turn[],
  system: readonly JsonObject[],
  { dot, conversions }: { readonly dot: JsonObject; readonly conversions: Conversion[] },
): readonly JsonObject[] {
  const [first] = turns
  if (first?.role === 'user') return system
  if (first === undefined && system.length > 0) {
    conversions.push(repaired('messages', 'has nothing but instructions, which are sent as the turn of the user'))
    turns.push({ role: 'user', blocks: [...system] })
    return []
  }
  if (first !== undefined) {
    const why = 'begins with the assistant, so a turn of the user with a single dot comes before it'
    conversions.push(repaired('messages', why))
    turns.unshift({ role: 'user', blocks: [dot] })
  }
  return system
}
