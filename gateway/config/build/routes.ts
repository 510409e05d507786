import type { Alias, PatternRoute } from '../../contract/config.ts'
import type { Fallbacks, RetryRules, Route } from '../../contract/route.ts'
import { limits } from '../../contract/limits.ts'
import type { Draft, ModelFallbacksDraft } from '../native/file-keys.ts'
import type { ModelDraft } from '../native/model-keys.ts'
import type { RetryDraft } from '../native/treatment-keys.ts'
import { quoted } from '../report.ts'
import { type BuildContext, refuse } from './build-context.ts'
import type { TargetMaker } from './targets.ts'

/** The routes of the file: exact names apart from names with `*`. */
export interface Routes {
  readonly routes: readonly Route[]
  readonly patterns: readonly PatternRoute[]
}

export function buildRoutes(draft: Draft, makeTarget: TargetMaker, context: BuildContext): Routes {
  const made = [...(draft.models ?? [])].flatMap(([name, model]) => {
    const route = buildRoute(name, model, draft, { makeTarget, context })
    return route === undefined ? [] : [route]
  })
  const patterns = made.filter(({ name }) => name.includes('*')).map((route) => ({ pattern: route.name, route }))
  return {
    routes: made.filter(({ name }) => !name.includes('*')),
    patterns: patterns.sort((a, b) => specificity(b.pattern) - specificity(a.pattern)),
  }
}

function buildRoute(
  name: string,
  model: ModelDraft,
  { routing = {} }: Draft,
  { makeTarget, context }: { makeTarget: TargetMaker; context: BuildContext },
): Route | undefined {
  const stated = model.targets ?? []
  const targets = stated.flatMap((target) => makeTarget(target) ?? [])
  if (targets.length === 0) {
    // Targets that were refused have been reported; a model without any has not.
    if (stated.length === 0) refuse(model, context, { code: 'bad-value', message: `${quoted(name)} has no targets.` })
    if (stated.every((target) => context.refused.has(target))) context.refused.add(model)
    return undefined
  }
  return {
    name,
    targets,
    balance: model.balance ?? routing.balance ?? 'shuffle',
    retries: retryRules(routing.retries ?? {}, model.retries ?? {}),
    fallbacks: fallbacksOf(model),
    hidden: model.hidden ?? false,
    origin: 'config',
  }
}

/** The retry rules of several levels, widest first. */
export function retryRules(...levels: readonly RetryDraft[]): RetryRules {
  const find = <T>(pick: (level: RetryDraft) => T | undefined): T | undefined =>
    levels.map(pick).findLast((value) => value !== undefined)
  return {
    count: find((level) => level.count) ?? limits.retries,
    byKind: Object.fromEntries(levels.flatMap((level) => [...(level.by_kind ?? [])])),
    minDelayMs: find((level) => level.min_delay_ms) ?? 0,
  }
}

export function fallbacksOf(draft: ModelFallbacksDraft): Fallbacks {
  return {
    general: draft.fallbacks ?? [],
    contextWindow: draft.context_fallbacks ?? [],
    contentPolicy: draft.content_fallbacks ?? [],
  }
}

/** LiteLLM's order: the longest pattern first, and among equals the one with more `*`. */
function specificity(pattern: string): number {
  return pattern.length + (pattern.split('*').length - 1) / limits.modelNameChars
}

/** Aliases that lead to a model; those that lead in a circle are reported and left out. */
export function buildAliases(draft: Draft, context: BuildContext): readonly Alias[] {
  const aliases = draft.aliases ?? new Map()
  return [...aliases].flatMap(([name, alias]) => {
    const { model, hidden, at } = alias
    if (model === undefined || model === '') {
      return refuse(alias, context, { code: 'bad-value', message: `The alias ${quoted(name)} names no model.` }) ?? []
    }
    if (draft.models?.has(name)) {
      const message = `The alias ${quoted(name)} is never used, because a model has the same name.`
      context.report.warn(at, { code: 'duplicate-name', message })
    }
    if (isCircular(name, aliases)) {
      const message = `The alias ${quoted(name)} leads back to itself.`
      return refuse(alias, context, { code: 'bad-value', message }) ?? []
    }
    return [{ name, model, hidden: hidden ?? false }]
  })
}

function isCircular(name: string, aliases: NonNullable<Draft['aliases']>): boolean {
  const seen = new Set<string>()
  for (let next: string | undefined = name; next !== undefined; next = aliases.get(next)?.model) {
    if (seen.has(next)) return true
    seen.add(next)
  }
  return false
}
