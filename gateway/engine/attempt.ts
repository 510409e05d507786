import type { Clock, Timer } from '../contract/clock.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { HttpHead, Provider } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import type { Address } from './address.ts'
import { pathOf, rootOf } from './address.ts'
import type { Delivery, ReplyHead, Source } from './delivery.ts'
import { IdleTimer } from './idle-timer.ts'
import type { Lane } from './lane.ts'
import { attemptLimitMs, type AttemptTimeouts } from './timeouts.ts'
import { connectTimeoutMessage } from './upstream-failure.ts'
import type { Upstream, UpstreamExchange, UpstreamHandlers, UpstreamRequest } from './upstream.ts'

/** Everything about one attempt that is decided before it starts. */
export interface AttemptParts {
  readonly clock: Clock
  readonly upstream: Upstream
  readonly delivery: Delivery
  readonly lane: Lane
  readonly target: Target
  readonly provider: Provider
  readonly address: Address
  readonly timeouts: AttemptTimeouts
  readonly headers: Readonly<Record<string, string>>
  /** Gives the headers of a signature over the request as it will go out. Absent: nothing is to be signed. */
  sign?(request: UpstreamRequest): Promise<Readonly<Record<string, string>> | Failure>
  /** The client's head, should this reply be the one. */
  replyHead(head: HttpHead): ReplyHead
}

/**
 * One request to one target, from the connection to the end of its body: the clocks, the error pages, and the lane
 * that makes the client's reply of the rest. Ends exactly once, with nothing (served) or a failure.
 */
export class Attempt implements UpstreamHandlers, Source {
  status: number | undefined
  /** When the first content was there, on the monotonic clock. */
  firstTokenAtMs: number | undefined
  readonly #parts: AttemptParts
  #exchange: UpstreamExchange | undefined
  #settle: ((failure: Failure | undefined) => void) | undefined
  /** Connecting, then waiting for the first token. */
  #phase: Timer | undefined
  #total: Timer | undefined
  /** Between two chunks. */
  #idle: IdleTimer | undefined
  /** The answer is complete and its body is not. */
  #grace: Timer | undefined
  #errorPage: Uint8Array[] | undefined
  #errorBytes = 0
  #head: HttpHead | undefined
  #paused = false

  constructor(parts: AttemptParts) {
    this.#parts = parts
  }

  /** Resolves when the attempt is over: undefined when it has served the answer. */
  run(): Promise<Failure | undefined> {
    return new Promise((resolve, reject) => {
      this.#settle = resolve
      const { clock, timeouts, sign } = this.#parts
      const limitMs = attemptLimitMs(timeouts, this.#parts.lane.streams)
      if (limitMs !== undefined) this.#total = clock.startTimer(limitMs, () => this.stop(this.#tooLong(limitMs)))
      const request = this.#request()
      if (sign === undefined) this.#open(request)
      else {
        this.#openSigned(request, sign).catch((error: unknown) => {
          reject(error)
          // Its timers end too.
          this.#finish(undefined)
        })
      }
    })
  }

  async #openSigned(request: UpstreamRequest, sign: NonNullable<AttemptParts['sign']>): Promise<void> {
    const signed = await sign(request)
    // It was stopped while it waited for credentials.
    if (this.#settle === undefined) return
    if (isFailure(signed)) this.#finish(signed)
    else this.#open({ ...request, headers: { ...request.headers, ...signed } })
  }

  #open(request: UpstreamRequest): void {
    const { clock, timeouts, upstream } = this.#parts
    this.#phase = clock.startTimer(timeouts.connectMs, () => this.stop(this.#connectTimeout()))
    this.#exchange = upstream.open(request, this)
    // A request that cannot even be written fails before `open` returns.
    if (this.#settle === undefined) this.#exchange.abort()
  }

  /** Ends the attempt from outside: its connection is closed before this returns. */
  stop(failure: Failure): void {
    this.#exchange?.abort()
    // Clients leave at `[DONE]`; where the upstream has not ended its body by then, nothing was lost.
    const isServed = failure.kind === 'client-gone' && this.#parts.lane.finished
    this.#finish(isServed ? this.#parts.lane.end() : failure)
  }

  pause(): void {
    this.#paused = true
    this.#exchange?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#idle?.touch()
    this.#exchange?.resume()
  }

  connected(): void {
    this.#phase?.cancel()
    const { lane, clock, timeouts } = this.#parts
    if (!lane.streams) return
    this.#phase = clock.startTimer(timeouts.firstTokenMs, () => this.stop(this.#noFirstToken()))
  }

  head(head: HttpHead): void {
    this.status = head.status
    this.#head = head
    const { lane, delivery } = this.#parts
    if (head.status >= 300 && head.status < 400) {
      this.stop(redirected(this.#parts.provider, head))
      return
    }
    if (head.status >= 400) {
      this.#errorPage = []
      this.#watchIdle()
      return
    }
    lane.begin(head)
    delivery.prepare(this.#parts.replyHead(head), this)
    if (lane.streams) {
      if (lane.heartbeat !== undefined) delivery.keepAlive(lane)
      return
    }
    this.#watchIdle()
  }

  data(chunk: Uint8Array): void {
    if (this.#settle === undefined) return
    this.#idle?.touch()
    if (this.#errorPage !== undefined) {
      this.#readErrorPage(this.#errorPage, chunk)
      return
    }
    const { lane } = this.#parts
    const failure = lane.push(chunk)
    if (failure !== undefined) {
      this.stop(failure)
      return
    }
    if (this.firstTokenAtMs === undefined && lane.committed) this.#firstToken()
    if (lane.done === true) this.#leave()
    else if (lane.finished && this.#grace === undefined) this.#startGrace()
  }

  end(): void {
    if (this.#isOver()) return
    if (this.#errorPage !== undefined) {
      this.#failWithPage(this.#errorPage)
      return
    }
    this.firstTokenAtMs ??= this.#parts.clock.monotonicMs()
    this.#finish(this.#parts.lane.end())
  }

  failed(failure: Failure): void {
    if (this.#isOver()) return
    // What was lost is only the end of a body whose answer is complete.
    if (this.#parts.lane.finished) this.#finish(this.#parts.lane.end())
    else if (this.#errorPage !== undefined) this.#failWithPage(this.#errorPage)
    else this.#finish(failure)
  }

  #request(): UpstreamRequest {
    const { lane, address, timeouts, provider, headers } = this.#parts
    const { method, path, body, fromRoot } = lane.request
    return {
      method,
      origin: address.origin,
      path: pathOf(fromRoot === true ? rootOf(address) : address, path),
      headers,
      body,
      connectTimeoutMs: timeouts.connectMs,
      label: provider.label,
    }
  }

  #finish(failure: Failure | undefined): void {
    const settle = this.#settle
    if (settle === undefined) return
    this.#settle = undefined
    this.#phase?.cancel()
    this.#total?.cancel()
    this.#idle?.cancel()
    this.#grace?.cancel()
    settle(failure)
  }

  #firstToken(): void {
    this.firstTokenAtMs = this.#parts.clock.monotonicMs()
    this.#phase?.cancel()
    this.#phase = undefined
    if (this.#idle === undefined) this.#watchIdle()
  }

  #watchIdle(): void {
    const { clock, timeouts } = this.#parts
    this.#idle = new IdleTimer(clock, timeouts.betweenTokensMs, () => {
      // It is the client that keeps us waiting.
      if (this.#paused) this.#watchIdle()
      else this.stop(this.#stalled())
    })
  }

  /** Some servers forget to end a stream that is complete; usage may still come in the meantime. */
  #startGrace(): void {
    this.#grace = this.#parts.clock.startTimer(limits.finishGraceMs, () => {
      if (this.#paused) {
        this.#startGrace()
        return
      }
      this.#exchange?.abort()
      this.#finish(this.#parts.lane.end())
    })
  }

  /** What the connection still does after its answer was whole is nobody's business. */
  #isOver(): boolean {
    if (this.#settle !== undefined) return false
    this.#grace?.cancel()
    return true
  }

  /** The answer is whole and its slot free; the connection may end its body in its own time, but not for ever. */
  #leave(): void {
    this.#finish(this.#parts.lane.end())
    this.#grace = this.#parts.clock.startTimer(limits.finishGraceMs, () => this.#exchange?.abort())
  }

  #readErrorPage(page: Uint8Array[], chunk: Uint8Array): void {
    const room = limits.errorBodyBytes - this.#errorBytes
    page.push(chunk.length > room ? chunk.subarray(0, room) : chunk)
    this.#errorBytes += chunk.length
    if (this.#errorBytes < limits.errorBodyBytes) return
    this.#exchange?.abort()
    this.#failWithPage(page)
  }

  #failWithPage(page: readonly Uint8Array[]): void {
    const head = this.#head ?? { status: 500, headers: {} }
    const body = Buffer.concat(page).toString('utf8')
    this.#finish({ status: head.status, ...this.#parts.provider.failure(head, body) })
  }

  #connectTimeout(): Failure {
    const { provider, address, timeouts } = this.#parts
    const message = connectTimeoutMessage({ label: provider.label, origin: address.origin })
    return { kind: 'connect-timeout', message: `${message} (${timeouts.connectMs} ms)` }
  }

  #noFirstToken(): Failure {
    const { provider, target, timeouts } = this.#parts
    const message =
      `${provider.label} (${target.id}) gave no first token within ${seconds(timeouts.firstTokenMs)}. ` +
      'Try again when it is less busy, or raise timeouts.first_token_ms.'
    return { kind: 'first-token-timeout', message }
  }

  #stalled(): Failure {
    const { provider, target, timeouts } = this.#parts
    const message =
      `${provider.label} (${target.id}) fell silent for ${seconds(timeouts.betweenTokensMs)}. ` +
      'Try again, or raise timeouts.between_tokens_ms.'
    return { kind: 'stalled', message }
  }

  #tooLong(limitMs: number): Failure {
    const { provider, target } = this.#parts
    const message =
      `${provider.label} (${target.id}) did not finish within its ${seconds(limitMs)}. ` +
      'Ask for less, or raise timeouts.total_ms and timeouts.answer_ms.'
    return { kind: 'total-timeout', message }
  }
}

function redirected(provider: Provider, head: HttpHead): Failure {
  return {
    kind: 'bad-reply',
    status: head.status,
    message: `${provider.label} answered with a redirect (${head.status}), which is never followed. Check the base URL.`,
  }
}

function seconds(ms: number): string {
  return `${Number((ms / 1_000).toFixed(1))} s`
}
