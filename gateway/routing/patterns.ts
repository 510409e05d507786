import type { PatternRoute } from '../contract/config.ts'
import { limits } from '../contract/limits.ts'

/** A pattern that a requested name fits, and what each of its `*` stands for. */
export interface PatternMatch {
  readonly pattern: PatternRoute
  readonly captured: readonly string[]
}

/** Finds the most specific pattern for a name. */
export type PatternMatcher = (name: string) => PatternMatch | undefined

/**
 * LiteLLM's rule: longest pattern first, among equals the one with more `*`; `*` takes any text, as much as it can;
 * and the beginning of the name is enough (`gpt-*-mini` takes `gpt-5-mini-2026`).
 */
export function createPatternMatcher(patterns: readonly PatternRoute[]): PatternMatcher {
  const compiled = patterns
    .map((pattern) => ({ pattern, regex: new RegExp(`^${toSource(pattern.pattern)}`, 's') }))
    .sort((a, b) => specificity(b.pattern) - specificity(a.pattern) || stars(b.pattern) - stars(a.pattern))

  return (name) => {
    if (name.length > limits.modelNameChars) return undefined
    for (const { pattern, regex } of compiled) {
      const match = regex.exec(name)
      if (match !== null) return { pattern, captured: match.slice(1) }
    }
    return undefined
  }
}

/**
 * The upstream's model name: captured parts replace the `*` of `model`, left to right. A model with more `*` than
 * there are parts becomes what the client asked for, without the provider's prefix.
 */
export function substitute(model: string, captured: readonly string[], requested: string): string {
  if (!model.includes('*')) return model
  const parts = model.split('*')
  if (parts.length - 1 > captured.length) return requested
  return parts.map((part, index) => (index === 0 ? part : `${captured[index - 1] ?? ''}${part}`)).join('')
}

function toSource(pattern: string): string {
  return pattern
    .split('*')
    .map((literal) => literal.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`))
    .join('(.*)')
}

function specificity(route: PatternRoute): number {
  return route.pattern.length
}

function stars(route: PatternRoute): number {
  return route.pattern.split('*').length
}
