import type { RouteMatch } from '../route-table.ts'
import type { Refusal, RuleId } from './refusal.ts'
import type { RequestHead } from './request-head.ts'
import type { Target } from './target.ts'

/** A request as the rules see it: nothing of its body has been read. */
export interface Inbound {
  readonly head: RequestHead
  /** Undefined when the request-target is malformed. */
  readonly target: Target | undefined
  /** Undefined when nothing is served at that path. */
  readonly match: RouteMatch<unknown> | undefined
}

/** What the user's configuration decides about the guard. Immutable; a new configuration makes a new one. */
export interface GuardPolicy {
  /** Lower case. */
  readonly hosts: ReadonlySet<string>
  /** Every browser origin that some app may be used from. */
  readonly origins: ReadonlySet<string>
  readonly bodyBytes: number
  readonly formBytes: number
  /** The served path that is nearest to a wrong one. */
  nearestPath(path: string): string | undefined
}

/**
 * One reason to turn a request away. Rules are pure and run in the order of their list; the first refusal holds.
 * So a test can take one out and see which attacks get through without it.
 */
export interface Rule {
  readonly id: RuleId
  check(inbound: Inbound, policy: GuardPolicy): Refusal | undefined
}
