import { closest } from '../../kit/suggest.ts'
import type { AliasDraft, RoutingDraft } from '../native/file-keys.ts'
import type { RetryDraft } from '../native/treatment-keys.ts'
import { type Reading, type Values, wrongValue } from '../reading.ts'
import { flag, plainText, type Text } from '../readers.ts'
import { type MapNode, valueAt } from '../source-node.ts'
import { timeoutsOf } from './deployment-target.ts'
import type { Policy } from './policies.ts'
import type { litellmSettings, routerSettings } from './sections.ts'

export type LitellmSettings = Values<typeof litellmSettings.keys>
export type RouterSettings = Values<typeof routerSettings.keys>

const STRATEGIES: Readonly<Record<string, NonNullable<RoutingDraft['balance']>>> = {
  'simple-shuffle': 'shuffle',
  'least-busy': 'least-busy',
  'usage-based-routing': 'usage',
  'usage-based-routing-v2': 'usage',
  'latency-based-routing': 'latency',
  'cost-based-routing': 'cost',
}

/** The settings of routing. Where both sections state something, the router's holds, as in LiteLLM. */
export function routingOf(router: RouterSettings, library: LitellmSettings, reading: Reading): RoutingDraft {
  return {
    balance: balanceOf(router.routing_strategy, reading),
    retries: retriesOf(router, library),
    cooldown: {
      ms: router.cooldown_time,
      allowed_fails: router.allowed_fails ?? library.allowed_fails ?? router.allowed_fails_policy?.others,
      allowed_fails_by_kind: router.allowed_fails_policy?.byKind,
      // LiteLLM takes a cooldown of no time for none at all.
      disabled: router.disable_cooldowns ?? (router.cooldown_time === 0 ? true : undefined),
    },
    timeouts: timeoutsOf(router.timeout ?? library.request_timeout, router.stream_timeout),
    max_fallbacks: router.max_fallbacks ?? library.max_fallbacks,
    drop_params: library.drop_params,
    pre_call_checks: router.enable_pre_call_checks,
    tag_filtering: router.enable_tag_filtering,
  }
}

function retriesOf(router: RouterSettings, library: LitellmSettings): RetryDraft {
  const general = policyRetries(router.retry_policy)
  return {
    count: general.count ?? router.num_retries ?? library.num_retries,
    min_delay_ms: router.retry_after,
    by_kind: general.by_kind,
  }
}

/** A retry policy as rules of retrying. */
export function policyRetries(policy: Policy | undefined): RetryDraft {
  return { count: policy?.others, by_kind: policy?.byKind }
}

function balanceOf(strategy: Text | undefined, reading: Reading): RoutingDraft['balance'] {
  if (strategy?.value === undefined) return undefined
  if (Object.hasOwn(STRATEGIES, strategy.value)) return STRATEGIES[strategy.value]
  if (strategy.value === 'provider-budget-routing') {
    const message = 'provider-budget-routing is not available here; simple-shuffle is used.'
    reading.report.warn(strategy.at, { code: 'unsupported-value', message })
    return undefined
  }
  const { value } = strategy
  const named = Object.keys(STRATEGIES)
  const near = closest(value, named) ?? named.find((name) => STRATEGIES[name] === value)
  const message = `routing_strategy is one of: ${Object.keys(STRATEGIES).join(', ')}. simple-shuffle is used.`
  const suggestion = near === undefined ? undefined : `Did you mean "${near}"?`
  reading.report.warn(strategy.at, { code: 'bad-value', message, suggestion })
  return undefined
}

/** `model_group_alias`: a name for a model, or a map with `model` and `hidden`. */
export function aliasesOf(map: MapNode | undefined, reading: Reading): ReadonlyMap<string, AliasDraft> {
  const aliases = new Map<string, AliasDraft>()
  for (const { name, value } of map?.entries ?? []) {
    const path = 'router_settings.model_group_alias'
    const modelNode = value.kind === 'map' ? valueAt(value, 'model') : value
    const hiddenNode = value.kind === 'map' ? valueAt(value, 'hidden') : undefined
    const model = modelNode === undefined ? undefined : plainText(modelNode, reading, path)
    const hidden = hiddenNode === undefined ? undefined : flag(hiddenNode, reading, `${path}.hidden`)
    if (model === undefined) wrongValue(value, reading, { path, expected: 'model names, or maps with "model"' })
    else aliases.set(name, { model, hidden, at: value.at })
  }
  return aliases
}
