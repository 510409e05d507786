import type { ReasoningPart } from '../contract/chat.ts'
import type { JsonObject } from '../contract/json.ts'
import type { ReasoningDelta } from '../contract/stream-event.ts'
import type { Draft } from '../kit/json-fields.ts'
import { emitAdded, emitDone, type Emit, type Place } from './responses-emit.ts'
import { encryptedContent, isBound } from './responses-reasoning.ts'

/** A `reasoning` item of the answer: one block of thought, told as a summary, and what must come back with it. */
export class ReasoningItem {
  readonly #emit: Emit
  readonly #place: Place
  readonly #wantsEncrypted: boolean
  readonly #thought: Draft<ReasoningPart> = { text: '' }
  #isSaid = false
  #signature: ReasoningPart | undefined

  constructor(emit: Emit, place: Place, wantsEncrypted: boolean) {
    this.#emit = emit
    this.#place = place
    this.#wantsEncrypted = wantsEncrypted
    emitAdded(emit, place, { id: place.id, type: 'reasoning', summary: [] })
  }

  /** Whether this delta belongs to another block than the one here. */
  isOther({ id, signature, redacted, maker }: ReasoningDelta): boolean {
    if (!this.#isSaid) return false
    const known = this.#thought.id
    const closes = signature !== undefined || redacted !== undefined
    // A name may come with the last delta of a block; in the middle it is the name of the next one.
    if (id !== undefined && id !== known && !(known === undefined && closes)) return true
    // Only OpenAI encrypts the thoughts that it tells a summary of; elsewhere an encrypted block stands alone.
    return redacted !== undefined && maker !== 'openai'
  }

  /** True once the block is closed. */
  think({ text, signature, redacted, maker, id }: ReasoningDelta): boolean {
    const thought = this.#thought
    if (text !== '') this.#say(text)
    if (maker !== undefined) thought.maker = maker
    if (id !== undefined) thought.id = id
    if (signature !== undefined) thought.signature = signature
    if (redacted !== undefined) thought.redacted = redacted
    return signature !== undefined || redacted !== undefined
  }

  /** The signature of the tool call that follows. */
  sign(signature: ReasoningPart): void {
    this.#signature = signature
  }

  close(): JsonObject {
    const { text } = this.#thought
    const summary = this.#isSaid ? [{ type: 'summary_text', text }] : []
    if (this.#isSaid) {
      this.#emit('response.reasoning_summary_text.done', { ...this.#at(), text })
      this.#emit('response.reasoning_summary_part.done', { ...this.#at(), part: { type: 'summary_text', text } })
    }
    const encrypted = this.#encrypted()
    return emitDone(this.#emit, this.#place, {
      id: this.#place.id,
      type: 'reasoning',
      summary,
      ...(encrypted !== undefined && { encrypted_content: encrypted }),
    })
  }

  #encrypted(): string | undefined {
    const thoughts = this.#isSaid || isBound(this.#thought) ? [this.#thought] : []
    const parts = this.#signature === undefined ? thoughts : [...thoughts, this.#signature]
    return parts.some(isBound) || this.#wantsEncrypted ? encryptedContent(this.#place.id, parts) : undefined
  }

  #say(text: string): void {
    if (!this.#isSaid) {
      this.#isSaid = true
      this.#emit('response.reasoning_summary_part.added', { ...this.#at(), part: { type: 'summary_text', text: '' } })
    }
    this.#thought.text += text
    this.#emit('response.reasoning_summary_text.delta', { ...this.#at(), delta: text })
  }

  #at(): JsonObject {
    return { item_id: this.#place.id, output_index: this.#place.index, summary_index: 0 }
  }
}
