import type { Clock, Random } from '../contract/clock.ts'
import type { ChatRequest } from '../contract/chat.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { Provider } from '../contract/provider.ts'
import type { RequestLogSink } from '../contract/request-log.ts'
import type { Signer } from '../contract/signer.ts'
import type { CooldownRules, Target, Timeouts } from '../contract/route.ts'

/** Everything that the engine needs from the rest of the program. */
export interface EngineDeps {
  readonly clock: Clock
  readonly random: Random
  /** By registry id or alias. */
  findProvider(id: string): Provider | undefined
  applyParams: ApplyParams
  /** Signs requests whose provider asks for it. */
  readonly signer: Signer
  readonly tokens: TokenCounter
  readonly log: RequestLogSink
  /** In force now: read at every request, so that a reloaded configuration holds at once. */
  settings(): EngineSettings
  /** What upstreams are told about us: `spillway/0.1.0`. */
  readonly userAgent: string
  /** Takes bugs: errors that were thrown where none may be. The client only hears "internal error". */
  report(error: unknown): void
}

/** Counts tokens where no upstream tells them. */
export interface TokenCounter {
  countChat(chat: ChatRequest): Promise<number>
  /** At once, and less exact: for the end of an answer. */
  estimateText(text: string): number
  estimateChat(chat: ChatRequest): number
}

/** The part of `RoutingSettings` that concerns the engine. */
export interface EngineSettings {
  readonly timeouts: Timeouts
  readonly cooldown: CooldownRules
}

/** What a target's parameter rules do to a client's body: top-level edits (undefined removes), and what was dropped. */
export type ApplyParams = (body: JsonObject, target: Target, provider: Provider) => AppliedParams | Failure

export interface AppliedParams {
  readonly edits: JsonObject
  readonly dropped: readonly string[]
}
