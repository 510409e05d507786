import type { Failure } from '../contract/failure.ts'
import type { HttpHead } from '../contract/provider.ts'
import type { Delivery } from './delivery.ts'
import type { Lane, LaneRequest } from './lane.ts'
import { newTally } from './tally.ts'

/**
 * Images, audio, moderations, rerank: bytes that nobody here reads. The first byte is the commit point; after it HTTP
 * has no word for "this is broken" but a connection that breaks off.
 */
export class PassthroughLane implements Lane {
  readonly name = 'verbatim'
  readonly streams = false
  readonly finished = false
  readonly tally = newTally()
  readonly contentType = undefined
  readonly request: LaneRequest
  readonly #delivery: Delivery
  #status = 0
  #isPage = false

  constructor(request: LaneRequest, delivery: Delivery) {
    this.request = request
    this.#delivery = delivery
  }

  get committed(): boolean {
    return this.#delivery.committed
  }

  begin(head: HttpHead): void {
    this.#status = head.status
    this.#isPage = String(head.headers['content-type'] ?? '').startsWith('text/html')
  }

  push(chunk: Uint8Array): Failure | undefined {
    if (this.#isPage) return WEB_PAGE
    this.#delivery.committed = true
    this.#delivery.write(chunk)
    return undefined
  }

  end(): Failure | undefined {
    if (!this.#delivery.committed && this.#status !== NO_CONTENT) return NOTHING
    this.#delivery.committed = true
    this.#delivery.end()
    return undefined
  }

  sent(): undefined {
    return undefined
  }
}

const NO_CONTENT = 204

const WEB_PAGE: Failure = {
  kind: 'bad-reply',
  message: 'The upstream answered with a web page. Check that its base URL leads to an OpenAI-compatible API.',
}
const NOTHING: Failure = { kind: 'bad-reply', message: 'The upstream answered with success and an empty body.' }
