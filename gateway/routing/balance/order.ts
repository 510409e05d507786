import type { BalanceStrategy } from './strategy.ts'

/** As the configuration lists them. */
export const order: BalanceStrategy = (targets) => targets
