import type { GatewayConfig } from '../../contract/config.ts'
import { closest } from '../../kit/suggest.ts'
import type { Draft } from '../native/file-keys.ts'
import { quoted } from '../report.ts'
import type { Place } from '../source-node.ts'
import type { BuildContext } from './build-context.ts'

/**
 * Warns of fallbacks and aliases that name a model which nothing here serves. Only a warning: a runner that is found
 * later, or a provider's own model name, may still give the name a meaning.
 */
export function checkReferences(draft: Draft, config: GatewayConfig, context: BuildContext): void {
  const start: Place = [...(draft.models?.values() ?? [])][0]?.at ?? { file: '', line: 1, column: 1 }
  const known = knownNames(config)
  const check = (name: string, at: Place, role: string): void => {
    if (isServed(name, known, config, context)) return
    const near = closest(name, known)
    context.report.warn(at, {
      code: 'unknown-model',
      message: `${quoted(name)}, ${role}, is not a model of this configuration.`,
      suggestion: near === undefined ? undefined : `Did you mean "${near}"?`,
    })
  }
  for (const [name, model] of draft.models ?? []) {
    const { fallbacks = [], context_fallbacks: longer = [], content_fallbacks: other = [] } = model
    for (const fallback of [...fallbacks, ...longer, ...other])
      check(fallback, model.at, `a fallback of ${quoted(name)}`)
  }
  for (const fallback of config.routing.defaultFallbacks) check(fallback, start, 'a default fallback')
  for (const { model, at } of draft.aliases?.values() ?? [])
    if (model !== undefined) check(model, at, 'meant by an alias')
}

function knownNames(config: GatewayConfig): ReadonlySet<string> {
  const targets = config.routes.flatMap((route) => route.targets.map((target) => target.id))
  return new Set([...config.routes.map(({ name }) => name), ...config.aliases.map(({ name }) => name), ...targets])
}

function isServed(name: string, known: ReadonlySet<string>, config: GatewayConfig, context: BuildContext): boolean {
  if (known.has(name)) return true
  if (config.patterns.some(({ pattern }) => startsLike(name, pattern))) return true
  const provider = name.includes('/') ? name.slice(0, name.indexOf('/')) : undefined
  if (provider === undefined) return false
  if (config.endpoints.some((endpoint) => endpoint.name === provider)) return true
  return config.discovery && context.findProvider(provider) !== undefined
}

function startsLike(name: string, pattern: string): boolean {
  return name.startsWith(pattern.slice(0, pattern.indexOf('*')))
}
