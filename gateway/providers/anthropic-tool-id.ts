import { stableId } from './stable-id.ts'

/**
 * Anthropic takes tool call ids of `[a-zA-Z0-9_-]` only. An id of another form gets one that is made from it, the same in
 * the call and in its result, on every turn; the end keeps two ids apart that differ only in what was replaced.
 */
export function anthropicToolId(id: string): string {
  if (/^[a-zA-Z0-9_-]+$/.test(id)) return id
  return `${id.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, KEPT_CHARS)}_${stableId(id, 12)}`
}

const KEPT_CHARS = 40
