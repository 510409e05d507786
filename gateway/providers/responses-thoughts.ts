import { isJsonObject, type JsonObject } from '../contract/json.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { arrayOf, numberOf, stringOf, textOf } from '../kit/json-fields.ts'
import { idOf, type OutputItem } from './responses-items.ts'

/** Summaries come in parts, each a paragraph with a title of its own; nothing on the wire stands between them. */
const BETWEEN_PARTS = '\n\n'

/**
 * The reasoning items of one response: a summary (OpenAI, xAI), or the thoughts themselves (servers of open models).
 * What the maker encrypted is handed out as `redacted` with the item's id when the item is done, because the blob that
 * the item begins with is another one; with both, the item can be sent back as it was.
 */
export class ResponsesThoughts {
  #seen = false

  /** True once anything was thought. */
  get seen(): boolean {
    return this.#seen
  }

  /** A piece (with `whole`: all) of a part: `response.reasoning_summary_text.*`, `response.reasoning_text.*`. */
  think(item: OutputItem, event: JsonObject, { whole, out }: { whole: boolean; out: StreamEvent[] }): void {
    const part = `thought ${numberOf(event['summary_index']) ?? ''}/${numberOf(event['content_index']) ?? ''}`
    const text = stringOf(event[whole ? 'text' : 'delta']) ?? ''
    if (text === '' || (whole && item.said.has(part))) return
    const isNext = item.said.size > 0 && !item.said.has(part)
    item.said.add(part)
    this.#seen = true
    out.push({ type: 'reasoning-delta', text: isNext ? BETWEEN_PARTS + text : text })
  }

  /** A whole `reasoning` item: what of it was not told yet, and what is encrypted. */
  item(item: OutputItem, json: JsonObject, out: StreamEvent[]): void {
    if (item.said.size === 0) {
      for (const [index, part] of arrayOf(json['summary']).filter(isJsonObject).entries()) {
        this.think(item, { text: part['text'], summary_index: index }, { whole: true, out })
      }
      for (const [index, part] of arrayOf(json['content']).filter(isJsonObject).entries()) {
        this.think(item, { text: part['text'], content_index: index }, { whole: true, out })
      }
    }
    const redacted = textOf(json['encrypted_content'])
    if (redacted === undefined || item.said.has('encrypted')) return
    item.said.add('encrypted')
    this.#seen = true
    const id = idOf(json['id'])
    out.push({ type: 'reasoning-delta', text: '', redacted, maker: 'openai', ...(id !== '' && { id }) })
  }
}
