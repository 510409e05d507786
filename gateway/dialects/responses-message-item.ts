import type { Opaque } from '../contract/chat.ts'
import { isJsonObject, type JsonArray, type JsonObject } from '../contract/json.ts'
import type { Citation, TextDelta } from '../contract/stream-event.ts'
import { arrayOf, isJsonArray, objectOf } from '../kit/json-fields.ts'
import { emitAdded, emitDone, type Emit, type ItemStatus, type Place } from './responses-emit.ts'

/** A `message` of the answer: one text, and a refusal after it where there is one. */
export class MessageItem {
  readonly #emit: Emit
  readonly #place: Place
  /** Characters of the answer in messages before this one: citations count from the beginning of it all. */
  readonly #charsBefore: number
  readonly #content: JsonObject[] = []
  #text = ''
  #isTextOpen = false
  #annotations: JsonObject[] = []
  #logprobs: JsonObject[] = []

  constructor(emit: Emit, place: Place, charsBefore: number) {
    this.#emit = emit
    this.#place = place
    this.#charsBefore = charsBefore
    emitAdded(emit, place, this.#item('in_progress', []))
  }

  get chars(): number {
    return this.#text.length
  }

  say({ text, logprobs, citations = [] }: TextDelta): void {
    this.#openText()
    const list = logprobsOf(logprobs)
    this.#text += text
    this.#logprobs.push(...list)
    if (text !== '' || list.length > 0) {
      this.#emit('response.output_text.delta', { ...this.#at(), delta: text, logprobs: list })
    }
    for (const citation of citations) this.#cite(citation)
  }

  refuse(refusal: string): void {
    this.#closeText()
    const at = this.#at()
    this.#emit('response.content_part.added', { ...at, part: { type: 'refusal', refusal: '' } })
    this.#emit('response.refusal.delta', { ...at, delta: refusal })
    this.#emit('response.refusal.done', { ...at, refusal })
    this.#closePart({ type: 'refusal', refusal })
  }

  close(status: ItemStatus): JsonObject {
    this.#closeText()
    return emitDone(this.#emit, this.#place, this.#item(status, this.#content))
  }

  #openText(): void {
    if (this.#isTextOpen) return
    this.#isTextOpen = true
    this.#emit('response.content_part.added', { ...this.#at(), part: textPart('', [], []) })
  }

  #closeText(): void {
    if (!this.#isTextOpen) return
    this.#emit('response.output_text.done', { ...this.#at(), text: this.#text, logprobs: this.#logprobs })
    this.#closePart(textPart(this.#text, this.#annotations, this.#logprobs))
    this.#isTextOpen = false
  }

  #closePart(part: JsonObject): void {
    this.#emit('response.content_part.done', { ...this.#at(), part })
    this.#content.push(part)
  }

  #cite(citation: Citation): void {
    const annotation = annotationOf(citation, { before: this.#charsBefore, chars: this.#text.length })
    if (annotation === undefined) return
    const annotation_index = this.#annotations.push(annotation) - 1
    this.#emit('response.output_text.annotation.added', { ...this.#at(), annotation_index, annotation })
  }

  #at(): JsonObject {
    return { item_id: this.#place.id, output_index: this.#place.index, content_index: this.#content.length }
  }

  #item(status: string, content: JsonArray): JsonObject {
    return { id: this.#place.id, type: 'message', status, role: 'assistant', content: [...content] }
  }
}

function textPart(text: string, annotations: JsonArray, logprobs: JsonArray): JsonObject {
  return { type: 'output_text', annotations: [...annotations], logprobs: [...logprobs], text }
}

/** OpenAI's own annotations go back as they came; of others only what has an address is a citation on this wire. */
function annotationOf(citation: Citation, at: { before: number; chars: number }): JsonObject | undefined {
  const { maker, raw, url, title, startIndex, endIndex } = citation
  if (maker === 'openai' && typeof raw.type === 'string') return raw
  if (url === undefined) return undefined
  const within = (index: number): number => Math.min(Math.max(index - at.before, 0), at.chars)
  return {
    type: 'url_citation',
    url,
    title: title ?? url,
    start_index: startIndex === undefined ? 0 : within(startIndex),
    end_index: endIndex === undefined ? at.chars : within(endIndex),
  }
}

/** Token log probabilities as this wire has them; chat leaves `bytes` out where there are none. */
function logprobsOf(logprobs: Opaque | undefined): JsonObject[] {
  const list = isJsonArray(logprobs) ? logprobs : arrayOf(objectOf(logprobs)?.content)
  return list.filter(isJsonObject).map((entry) => ({
    ...entry,
    bytes: entry.bytes ?? [],
    top_logprobs: arrayOf(entry.top_logprobs)
      .filter(isJsonObject)
      .map((other) => ({ ...other, bytes: other.bytes ?? [] })),
  }))
}
