import type { Balance } from '../../contract/route.ts'
import { cost } from './cost.ts'
import { latency } from './latency.ts'
import { leastBusy } from './least-busy.ts'
import { order } from './order.ts'
import { shuffle } from './shuffle.ts'
import type { BalanceStrategy } from './strategy.ts'
import { usage } from './usage.ts'

/** Every balance by the name that the configuration gives it. */
export const strategies: Readonly<Record<Balance, BalanceStrategy>> = {
  cost,
  latency,
  'least-busy': leastBusy,
  order,
  shuffle,
  usage,
}
