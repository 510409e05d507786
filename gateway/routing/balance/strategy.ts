import type { Random } from '../../contract/clock.ts'
import type { RequestFacts, Snapshot, Target } from '../../contract/route.ts'

/** What a balance may look at. */
export interface BalanceView {
  readonly facts: RequestFacts
  readonly snapshot: Snapshot
  readonly random: Random
}

/**
 * Puts the targets of one tier into the order of trying. Pure: the same view and the same random numbers give the
 * same order; it loses and invents nothing, which one test checks for all of them.
 */
export type BalanceStrategy = (targets: readonly Target[], view: BalanceView) => readonly Target[]
