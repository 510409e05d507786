import { shuffle } from './shuffle.ts'
import type { BalanceStrategy } from './strategy.ts'

/**
 * Fewest tokens in the running minute first, as LiteLLM's usage-based-routing-v2; ties are drawn. Targets that have
 * reached their rpm or tpm are not here any more: the filter `limits` took them out.
 */
export const usage: BalanceStrategy = (targets, view) =>
  [...shuffle(targets, view)].sort((a, b) => view.snapshot.usage(a.id).tokens - view.snapshot.usage(b.id).tokens)
