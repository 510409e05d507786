import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { Dropped, FallbackGroup, Plan, Planned, RequestFacts, Target } from '../contract/route.ts'
import { reasons } from './reasons.ts'

/** A plan for people and for programs. */
export interface Explanation {
  readonly lines: readonly string[]
  readonly json: JsonObject
}

/** Says what would be tried for this request, in which order and why, and why everything else would not. */
export function explainPlan(facts: RequestFacts, planned: Planned): Explanation {
  return 'plan' in planned ? explainSuccess(facts, planned.plan) : explainRefusal(facts, planned)
}

function explainSuccess(facts: RequestFacts, plan: Plan): Explanation {
  const lines = [
    `${facts.model} (${facts.operation}, about ${facts.promptTokensEstimate} prompt tokens) -> route ${plan.route}`,
    `reason: ${plan.reason}${meaningOf(plan.reason)}`,
    `tries, with up to ${plan.retries.count} retries:`,
    ...plan.attempts.map((target, index) => `  ${index + 1}. ${describe(target)}`),
    ...fallbackLines('when it fails', plan.fallbacks.general),
    ...fallbackLines('when the prompt is too long', plan.fallbacks.contextWindow),
    ...fallbackLines('when the content is refused', plan.fallbacks.contentPolicy),
    ...droppedLines(plan.dropped),
  ]
  return {
    lines,
    json: {
      model: facts.model,
      route: plan.route,
      reason: plan.reason,
      attempts: plan.attempts.map(toJson),
      fallbacks: {
        general: plan.fallbacks.general.map(groupToJson),
        context_window: plan.fallbacks.contextWindow.map(groupToJson),
        content_policy: plan.fallbacks.contentPolicy.map(groupToJson),
      },
      retries: plan.retries.count,
      dropped: plan.dropped.map(dropToJson),
    },
  }
}

function explainRefusal(facts: RequestFacts, refusal: Extract<Planned, { readonly failure: unknown }>): Explanation {
  const { failure, dropped } = refusal
  return {
    lines: [
      `${facts.model} (${facts.operation}) -> refused with ${failure.status ?? 500} ${failure.kind}`,
      failure.message,
      ...droppedLines(dropped),
    ],
    json: {
      model: facts.model,
      failure: {
        kind: failure.kind,
        status: failure.status ?? null,
        code: failure.code ?? null,
        message: failure.message,
        retry_after_ms: failure.retryAfterMs ?? null,
      },
      dropped: dropped.map(dropToJson),
    },
  }
}

function meaningOf(reason: string): string {
  const meaning = Object.entries(reasons).find(([word]) => word === reason)?.[1]
  return meaning === undefined ? '' : ` (${meaning})`
}

function describe(target: Target): string {
  const details = [target.locality, target.provider, ...detail('weight', target.weight), `tier ${target.tier}`]
  return `${target.id}  [${details.join(', ')}]`
}

function detail(name: string, value: number | undefined): readonly string[] {
  return value === undefined ? [] : [`${name} ${value}`]
}

function fallbackLines(when: string, groups: readonly FallbackGroup[]): readonly string[] {
  return groups.map(
    ({ route, attempts }) => `${when}: route ${route} -> ${attempts.map((target) => target.id).join(', ')}`,
  )
}

function droppedLines(dropped: readonly Dropped[]): readonly string[] {
  if (dropped.length === 0) return []
  return ['left out:', ...dropped.map(({ target, by, why }) => `  - ${target} (${by}): ${why}`)]
}

function toJson(target: Target): JsonValue {
  return {
    target: target.id,
    endpoint: target.endpoint,
    provider: target.provider,
    model: target.model,
    locality: target.locality,
    tier: target.tier,
  }
}

function groupToJson({ route, attempts }: FallbackGroup): JsonValue {
  return { route, attempts: attempts.map(toJson) }
}

function dropToJson({ target, by, why }: Dropped): JsonValue {
  return { target, by, why }
}
