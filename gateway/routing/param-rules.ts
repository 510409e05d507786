import type { Provider } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { parsePath, type PathStep } from '../kit/json-path.ts'
import { ALWAYS_SUPPORTED } from './control-keys.ts'

/** A path to drop: its first key, and the way inside that key's value. */
export interface Drop {
  /** As the configuration has it. */
  readonly name: string
  readonly key: string
  readonly rest: readonly PathStep[]
}

/** A target's rules for parameters, made ready for use. */
export interface TargetRules {
  readonly unsupported: readonly string[]
  readonly drops: readonly Drop[]
  /** No default, no drop, nothing unsupported, no extra body: most targets. */
  readonly isEmpty: boolean
}

interface Known {
  /** What was refused when these rules were read: other routes of the same target refuse other parameters. */
  readonly unsupported: readonly string[] | undefined
  readonly rules: TargetRules
}

/** A target never changes, and neither does what its provider supports on one route. */
const known = new WeakMap<Target, Known>()

/** The rules of this target, read only once. */
export function rulesOf(target: Target, provider: Pick<Provider, 'unsupportedParams'>): TargetRules {
  const before = known.get(target)
  const unsupported = provider.unsupportedParams
  if (before !== undefined && before.unsupported === unsupported) return before.rules
  const rules = readRules(target, provider)
  known.set(target, { unsupported, rules })
  return rules
}

function readRules({ params }: Target, { unsupportedParams = [] }: Pick<Provider, 'unsupportedParams'>): TargetRules {
  const allowed = new Set([...params.allow, ...ALWAYS_SUPPORTED])
  const unsupported = unsupportedParams.filter((name) => !allowed.has(name))
  const drops = params.drop.flatMap(toDrop)
  const isEmpty =
    unsupported.length === 0 &&
    drops.length === 0 &&
    Object.keys(params.defaults).length === 0 &&
    Object.keys(params.extraBody).length === 0
  return { unsupported, drops, isEmpty }
}

/** What is no path is taken as the name of a key. */
export function toDrop(name: string): Drop {
  const [first, ...rest] = parsePath(name) ?? []
  if (first === undefined || first === 'each' || !('key' in first)) return { name, key: name, rest: [] }
  return { name, key: first.key, rest }
}
