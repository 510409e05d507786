import type { JsonObject } from '../../contract/json.ts'
import { limits } from '../../contract/limits.ts'
import type { Locality, ParamRules, Timeouts } from '../../contract/route.ts'
import type { Values } from '../reading.ts'
import type { timeoutKeys, TreatmentDraft } from '../native/treatment-keys.ts'

/** The parameter rules of several levels, widest first: later levels win, lists and maps add up. */
export function paramRules(...levels: readonly TreatmentDraft[]): ParamRules {
  return {
    defaults: merged(levels.map((level) => level.params?.value)),
    dropUnsupported: last(levels.map((level) => level.drop_params)) ?? false,
    drop: union(levels.map((level) => level.additional_drop_params)),
    allow: union(levels.map((level) => level.allowed_params)),
    extraHeaders: texts(merged(levels.map((level) => level.headers?.value))),
    extraBody: merged(levels.map((level) => level.extra_body?.value)),
    mergeReasoning: last(levels.map((level) => level.merge_reasoning)) ?? false,
    repairToolCalls: last(levels.map((level) => level.repair_tool_calls)) ?? true,
    lane: last(levels.map((level) => level.lane)) ?? 'auto',
  }
}

/** A target's own timeouts. `general` are those of the whole file; what it states needs no default here. */
export function targetTimeouts(
  levels: readonly TreatmentDraft[],
  general: TimeoutsDraft,
  locality: Locality,
): Partial<Timeouts> {
  const stated: Partial<Timeouts> = Object.assign({}, ...levels.map((level) => statedTimeouts(level.timeouts ?? {})))
  const isNear = locality === 'device' || locality === 'lan'
  const needsDefault = isNear && stated.firstTokenMs === undefined && general.first_token_ms === undefined
  return needsDefault ? { firstTokenMs: limits.firstTokenTimeoutLocalMs, ...stated } : stated
}

export type TimeoutsDraft = Values<typeof timeoutKeys>

/** Only the timeouts that are stated. */
export function statedTimeouts(draft: TimeoutsDraft): Partial<Timeouts> {
  return {
    ...(draft.connect_ms === undefined ? {} : { connectMs: draft.connect_ms }),
    ...(draft.first_token_ms === undefined ? {} : { firstTokenMs: draft.first_token_ms }),
    ...(draft.between_tokens_ms === undefined ? {} : { betweenTokensMs: draft.between_tokens_ms }),
    ...(draft.answer_ms === undefined ? {} : { answerMs: draft.answer_ms }),
    ...(draft.total_ms === undefined ? {} : { totalMs: draft.total_ms }),
  }
}

/** The last value that is given. */
export function last<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.findLast((value) => value !== undefined)
}

function merged(maps: readonly (JsonObject | undefined)[]): JsonObject {
  return Object.assign({}, ...maps)
}

function union(lists: readonly (readonly string[] | undefined)[]): readonly string[] {
  return [...new Set(lists.flatMap((list) => list ?? []))]
}

/** The readers of headers give nothing but texts. */
function texts(values: JsonObject): Readonly<Record<string, string>> {
  const pairs = Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? value : ''] as const)
  return Object.fromEntries(pairs)
}
