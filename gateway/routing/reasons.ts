import type { Balance } from '../contract/route.ts'

/**
 * Why the first attempt of a plan is the first: the value of `x-spillway-reason` and of the log's column.
 * A balance is its own reason, where it had several targets of one tier to choose from.
 */
export const reasons = {
  'only-target': 'the route has one target, or only one may serve this request',
  builtin: 'the built-in echo was asked for by name',
  'local-first': 'the mode puts local targets before cloud ones',
  'cloud-first': 'the mode puts cloud targets before local ones',
  'tier-1': 'it is alone in the first tier',
  'spill:busy': 'every target that would come first is at its parallel limit',
  'spill:down': 'every target of an earlier tier is cooling down',
  'spill:limits': 'every target of an earlier tier has reached its rpm or tpm',
  'spill:unable': 'no target of an earlier tier can serve this request',
  probe: 'every target is being probed after a cooldown; this request waits for nobody',
  'fallback:general': 'the route asked for had no target to try',
  'fallback:context-window': 'the prompt is too long for every target of the route asked for',
  'default-fallback': 'no route has this name, and a default fallback is configured',
  shuffle: 'drawn by weight, rpm or tpm',
  'least-busy': 'it has the fewest requests in flight',
  latency: 'it answers soonest, or was never measured',
  usage: 'it served the fewest tokens in this minute',
  cost: 'it is the cheapest',
  order: 'it stands first in the configuration',
} as const satisfies Readonly<Record<Balance, string>> & Readonly<Record<string, string>>

/** One word for the header. */
export type Reason = keyof typeof reasons

/** Which rule took a target out: the `by` of a dropped target. */
export const rules = {
  app: "the key's allow-list does not name it",
  mode: "the gateway's mode forbids where it runs",
  operation: 'it is deployed for another kind of request',
  capability: 'it is known to lack something that the request needs',
  context: 'the prompt is too long for it',
  limits: 'its requests or tokens of this minute are used up',
  health: 'it is cooling down after failures',
  probe: 'it is being probed after a cooldown, and another target is there',
  tags: "its tags do not fit the request's",
  bound: 'the plan is long enough without it',
  fallback: 'it is no fallback for this request',
} as const

/** Id of a rule that takes targets out. */
export type RuleId = keyof typeof rules
