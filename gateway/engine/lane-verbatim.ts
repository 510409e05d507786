import type { PassingReader, SentSoFar } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { Usage } from '../contract/stream-event.ts'
import type { Delivery } from './delivery.ts'
import type { Lane, LaneRequest } from './lane.ts'
import { SSE_COMMENT } from './lane-translated.ts'
import { joined } from './lane-whole.ts'
import { newTally, noteFacts } from './tally.ts'

/** The usage of an answer whose upstream tells none, as far as what was kept of it tells. */
type EstimateUsage = (sent: SentSoFar | undefined) => Usage | undefined

/** What a verbatim stream is made of. */
export interface VerbatimParts {
  readonly request: LaneRequest
  readonly reader: PassingReader
  readonly delivery: Delivery
  readonly estimate: EstimateUsage
}

/**
 * A stream whose bytes pass as they are, while a reader of the dialect watches them. What comes before the first
 * content is kept, so that an upstream that fails early is never seen.
 */
export class VerbatimStream implements Lane {
  readonly name = 'verbatim'
  readonly streams = true
  readonly tally = newTally()
  readonly request: LaneRequest
  readonly #delivery: Delivery
  readonly #reader: PassingReader
  readonly #estimate: EstimateUsage
  #held: Uint8Array[] = []
  #heldBytes = 0

  constructor({ request, reader, delivery, estimate }: VerbatimParts) {
    this.request = request
    this.#reader = reader
    this.#delivery = delivery
    this.#estimate = estimate
  }

  get contentType(): string {
    return this.#reader.contentType ?? EVENT_STREAM
  }

  heartbeat(): string {
    return this.#reader.heartbeat?.() ?? SSE_COMMENT
  }

  get committed(): boolean {
    return this.#reader.committed
  }

  get finished(): boolean {
    return this.#reader.finished
  }

  get done(): boolean {
    return this.#reader.done ?? false
  }

  begin(): void {
    // The reader tells by the bytes whether this is a stream: servers get the content type wrong.
  }

  push(chunk: Uint8Array): Failure | undefined {
    const { forward, failure } = this.#reader.push(chunk)
    if (this.#delivery.committed) {
      if (forward !== undefined) this.#delivery.write(forward)
    } else {
      if (failure !== undefined) return failure
      if (forward !== undefined) this.#hold(forward)
      if (this.#reader.committed) this.#commit()
      else if (this.#heldBytes > limits.heldBackBytes) return TOO_MUCH_OF_NOTHING
    }
    if (failure !== undefined) noteFacts(this.tally, this.#reader.facts)
    return failure
  }

  end(): Failure | undefined {
    const { forward, failure } = this.#reader.end()
    noteFacts(this.tally, this.#reader.facts)
    if (failure !== undefined) {
      if (this.#delivery.committed && forward !== undefined) this.#delivery.write(forward)
      return failure
    }
    // An answer without a word is an answer, if it says that it ended.
    if (!this.#delivery.committed) this.#commit()
    this.#delivery.end(forward)
    if (this.tally.usage === undefined) this.#estimateUsage()
    return undefined
  }

  sent(): SentSoFar | undefined {
    return this.#reader.sent()
  }

  #estimateUsage(): void {
    this.tally.usage = this.#estimate(this.#reader.sent())
    this.tally.usageEstimated = this.tally.usage !== undefined
  }

  #hold(bytes: Uint8Array): void {
    this.#held.push(bytes)
    this.#heldBytes += bytes.byteLength
  }

  #commit(): void {
    const held = this.#held
    this.#held = []
    this.#delivery.committed = true
    if (held.length === 0) return
    this.#delivery.write(joined(held))
  }
}

/** Whatever the upstream called it: its bytes were read as one. */
const EVENT_STREAM = 'text/event-stream; charset=utf-8'

const TOO_MUCH_OF_NOTHING: Failure = {
  kind: 'bad-reply',
  message: `The upstream sent ${limits.heldBackBytes / 1024} KB of stream without any content.`,
}
