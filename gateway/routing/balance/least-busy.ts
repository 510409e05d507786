import { shuffle } from './shuffle.ts'
import type { BalanceStrategy } from './strategy.ts'

/** Fewest requests in flight first; ties are drawn as `shuffle` does, so that idle targets share by weight. */
export const leastBusy: BalanceStrategy = (targets, view) =>
  [...shuffle(targets, view)].sort((a, b) => view.snapshot.inFlight(a.id) - view.snapshot.inFlight(b.id))
