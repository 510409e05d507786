import type { JsonObject } from '../contract/json.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { objectOf, objectsAt, textOf } from '../kit/json-fields.ts'
import { PartialArgs } from './gemini-partial-args.ts'
import { toolCallId } from './stable-id.ts'

/** What a `functionCall` part comes with. */
export interface CallContext {
  /** What makes an id of ours unlike those of other answers. */
  readonly seed: string
  readonly signature: string | undefined
  readonly out: StreamEvent[]
}

/**
 * The function calls of one candidate. They come whole, or, from Vertex and when asked for, begun with a name and
 * `willContinue`, filled by `partialArgs`, and closed by a call without either. A call without an id gets one of ours.
 */
export class GeminiCalls {
  readonly #choice: number
  #count = 0
  /** The last call, while its arguments still come. */
  #open: PartialArgs | undefined

  constructor(choice: number) {
    this.#choice = choice
  }

  /** True once a call has begun. */
  get seen(): boolean {
    return this.#count > 0
  }

  /** True when one call's arguments are larger than they may be. */
  get overflowed(): boolean {
    return this.#open?.overflowed ?? false
  }

  read(call: JsonObject, context: CallContext): void {
    const name = textOf(call['name'])
    if (name !== undefined) this.#start(name, call, context)
    if (this.#open === undefined) return
    for (const piece of objectsAt(call, 'partialArgs') ?? []) this.#open.add(piece)
    const args = objectOf(call['args'])
    if (args !== undefined) this.#open.addAll(args)
    if (call['willContinue'] !== true) this.close(context.out)
  }

  /** The call that is still open is complete: all of its arguments at once, because paths can be filled in any order. */
  close(out: StreamEvent[]): void {
    if (this.#open === undefined) return
    const event = { type: 'tool-call-delta' as const, index: this.#count - 1, argumentsJson: this.#open.json() }
    this.#open = undefined
    out.push(this.#choice === 0 ? event : { ...event, choice: this.#choice })
  }

  #start(name: string, call: JsonObject, { seed, signature, out }: CallContext): void {
    this.close(out)
    const index = this.#count
    this.#count += 1
    this.#open = new PartialArgs()
    out.push({
      type: 'tool-call-start',
      index,
      id: textOf(call['id']) ?? toolCallId(`${seed}/${this.#choice}/${index}/${name}`),
      name,
      ...(signature !== undefined && { signature, maker: 'google' }),
      ...(this.#choice !== 0 && { choice: this.#choice }),
    })
  }
}
