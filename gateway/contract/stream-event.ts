import type { Maker, Opaque } from './chat.ts'
import type { Failure } from './failure.ts'
import type { JsonObject } from './json.ts'

/**
 * What an upstream's answer means, whatever its wire. The grammar, which the contract test checks:
 *
 *   start (text-delta | reasoning-delta | tool-call-start | tool-call-delta)* usage? end usage?
 *   start? (...)* failure
 *
 * `usage` may repeat (cumulative; the last one holds) and may come after `end`. Each answer of several has an
 * `end` of its own. After `failure` nothing comes; it may follow even an `end`, because some upstreams say that they
 * have finished and then take it back (OpenRouter). A `tool-call-delta` belongs to the last `tool-call-start` with the
 * same `index`; indexes are contiguous from 0 in order of appearance.
 */
export type StreamEvent =
  | StartEvent
  | TextDelta
  | ReasoningDelta
  | ToolCallStart
  | ToolCallDelta
  | UsageEvent
  | EndEvent
  | FailureEvent

export interface StartEvent {
  readonly type: 'start'
  /** The model that the upstream says it is. */
  readonly model: string
  readonly upstreamId?: string
}
export interface TextDelta {
  readonly type: 'text-delta'
  readonly text: string
  /** Token log probabilities in OpenAI's `content` shape, where the client asked for them. */
  readonly logprobs?: Opaque
  /** Sources of the text so far; the text of the event may be empty. */
  readonly citations?: readonly Citation[]
  /** Answer index when the client asked for several; absent means 0. */
  readonly choice?: number
}
/**
 * A thought. Blocks are told apart by `signature` and `redacted`: a signature closes the block whose text came before
 * it, a redacted one is a block of its own, whole.
 */
export interface ReasoningDelta {
  readonly type: 'reasoning-delta'
  readonly text: string
  readonly signature?: string
  readonly redacted?: string
  /** Who signed or encrypted it. */
  readonly maker?: Maker
  /** The item's id at its maker. */
  readonly id?: string
  readonly choice?: number
}

/** Where a statement comes from. */
export interface Citation {
  readonly url?: string
  readonly title?: string
  /** The words of the source. */
  readonly quote?: string
  /** Characters of the whole answer that it supports, from `startIndex` to before `endIndex`. */
  readonly startIndex?: number
  readonly endIndex?: number
  readonly maker: Maker
  /** As its maker wrote it. */
  readonly raw: JsonObject
}
export interface ToolCallStart {
  readonly type: 'tool-call-start'
  readonly index: number
  readonly id: string
  readonly name: string
  /** Gemini's `thoughtSignature` of this call. */
  readonly signature?: string
  readonly maker?: Maker
  readonly choice?: number
}
export interface ToolCallDelta {
  readonly type: 'tool-call-delta'
  readonly index: number
  readonly argumentsJson: string
  readonly choice?: number
}
export interface UsageEvent {
  readonly type: 'usage'
  readonly usage: Usage
  /** The upstream told none; it was counted here from the texts. */
  readonly estimated?: boolean
}
export interface EndEvent {
  readonly type: 'end'
  readonly reason: FinishReason
  /** The upstream's own word for it, for the log. */
  readonly rawReason?: string
  /** Why the model refused, where it said so. */
  readonly refusal?: string
  /** Which of the request's stop sequences ended it, where the upstream said so. */
  readonly stopSequence?: string
  readonly choice?: number
}
export interface FailureEvent {
  readonly type: 'failure'
  readonly failure: Failure
}

/** OpenAI's vocabulary; every other one is mapped to it by `wire/finish-reason.ts`. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call'

/** Tokens as billed. `input` includes what came from or went into a cache; `output` includes reasoning. */
export interface Usage {
  readonly input: number
  readonly output: number
  readonly cacheRead?: number
  readonly cacheWrite?: number
  readonly reasoning?: number
}
