import type { Opaque } from '../contract/chat.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { Citation, StreamEvent } from '../contract/stream-event.ts'
import { arrayOf, isJsonArray, numberOf, objectOf, stringOf, textOf } from '../kit/json-fields.ts'
import type { OutputItem } from './responses-items.ts'

/** What a response says aloud: text, its sources, refusals. Each is handed out once, from its pieces or whole. */
export class ResponsesText {
  #chars = 0
  #refusal = ''

  /** True once text, or a refusal, was read. */
  get seen(): boolean {
    return this.#chars > 0 || this.#refusal !== ''
  }

  /** Why the model refused; empty when it did not. */
  get refusal(): string {
    return this.#refusal
  }

  /** `response.output_text.delta` (with `whole`: `.done`). */
  text(item: OutputItem, event: JsonObject, { whole, out }: { whole: boolean; out: StreamEvent[] }): void {
    const part = numberOf(event['content_index']) ?? 0
    const text = stringOf(event[whole ? 'text' : 'delta']) ?? ''
    if (text === '' || (whole && item.said.has(`text ${part}`))) return
    this.#say(item, part, { text, logprobs: event['logprobs'], out })
  }

  /** `response.refusal.delta` (with `whole`: `.done`). */
  refuse(item: OutputItem, event: JsonObject, whole: boolean): void {
    const part = `refusal ${numberOf(event['content_index']) ?? 0}`
    if (whole && item.said.has(part)) return
    const text = stringOf(event[whole ? 'refusal' : 'delta']) ?? ''
    if (text !== '') item.said.add(part)
    this.#refusal += text
  }

  /** `response.output_text.annotation.added`. */
  cite(item: OutputItem, event: JsonObject, out: StreamEvent[]): void {
    const annotation = objectOf(event['annotation'])
    if (annotation === undefined) return
    item.citations += 1
    const offset = item.offsets.get(numberOf(event['content_index']) ?? 0) ?? 0
    out.push({ type: 'text-delta', text: '', citations: [citationOf(annotation, offset)] })
  }

  /** A whole message: what of it was not said yet. Servers number parts differently here, so it is all or nothing. */
  message(item: OutputItem, json: JsonObject, out: StreamEvent[]): void {
    const isNew = item.said.size === 0
    const parts = arrayOf(json['content']).filter(isJsonObject)
    for (const [index, part] of parts.entries()) {
      if (!isNew) continue
      const event = { ...part, content_index: index }
      if (part['type'] === 'refusal') this.refuse(item, event, true)
      else this.text(item, event, { whole: true, out })
    }
    const sources = parts.flatMap((part, index) =>
      arrayOf(part['annotations']).map((annotation) => ({ annotation, content_index: index })),
    )
    // Sources that were told while the text was written are told again here.
    for (const source of sources.slice(item.citations)) this.cite(item, source, out)
  }

  #say(
    item: OutputItem,
    part: number,
    { text, logprobs, out }: { text: string; logprobs: JsonValue | undefined; out: StreamEvent[] },
  ): void {
    item.said.add(`text ${part}`)
    if (!item.offsets.has(part)) item.offsets.set(part, this.#chars)
    this.#chars += text.length
    const known = isJsonArray(logprobs) && logprobs.length > 0
    out.push(known ? { type: 'text-delta', text, logprobs: inChatShape(logprobs) } : { type: 'text-delta', text })
  }
}

/** Chat's entries have `bytes`, which this wire leaves out of its deltas. */
function inChatShape(logprobs: readonly JsonValue[]): Opaque {
  return logprobs.filter(isJsonObject).map((entry) => ({ bytes: null, ...entry }))
}

/** `url_citation` names a page, the others a file of the maker's own. Places count from the beginning of the part. */
function citationOf(annotation: JsonObject, offset: number): Citation {
  const url = textOf(annotation['url'])
  const title = textOf(annotation['title']) ?? textOf(annotation['filename'])
  const start = numberOf(annotation['start_index'])
  const end = numberOf(annotation['end_index'])
  return {
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(start !== undefined && { startIndex: offset + start }),
    ...(end !== undefined && { endIndex: offset + end }),
    maker: 'openai',
    raw: annotation,
  }
}
