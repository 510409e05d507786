import type { FaultLane } from './fault-world.ts'

/** A target of a lane, as a flow mapping; `more` begins with a comma. */
export function targetEntry(
  { upstream, isTranslated }: Pick<FaultLane, 'upstream' | 'isTranslated'>,
  { provider, name, more = '' }: { readonly provider: string; readonly name: string; readonly more?: string },
): string {
  const use = JSON.stringify(`${provider}/${upstream.model?.(name) ?? name}`)
  return `{ use: ${use}${more}${isTranslated === true ? ', lane: translated' : ''} }`
}

/** A line under `models`. */
export function modelEntry(name: string, targets: readonly string[]): string {
  return `  ${JSON.stringify(name)}: { targets: [${targets.join(', ')}] }`
}

interface Parts {
  /** Flow mappings by name. */
  readonly providers: ReadonlyMap<string, string>
  readonly models: readonly string[]
  readonly timeouts?: Readonly<Record<string, number>>
}

/** A `spillway.yaml` that tries everything once and remembers no failure. */
export function faultConfig({ providers, models, timeouts = {} }: Parts): string {
  return `
discovery: false
routing: { retries: 0, cooldown: { disabled: true }, timeouts: ${JSON.stringify(timeouts)} }
providers:
${[...providers].map(([name, entry]) => `  ${name}: ${entry}`).join('\n')}
models:
${models.join('\n')}
`
}
