import type { CallerApp } from '../contract/call.ts'
import type { Capability } from '../contract/provider.ts'
import type { Locality, Target } from '../contract/route.ts'
import { mayUse } from './allow-list.ts'
import { withoutLatest } from './discovered.ts'
import type { Directory, Resolution } from './directory.ts'
import { probableAbilities } from './known-abilities.ts'

/** What is known of the model behind a name. */
export interface ModelCard {
  /** The name to ask for. */
  readonly name: string
  /** Registry id of the first target's provider, and the model's name there. */
  readonly provider: string
  readonly model: string
  /** Of the first target. */
  readonly locality: Locality
  /** What every target can hold that says how much it can; undefined: none says. */
  readonly contextTokens: number | undefined
  /** What at least one target can do, guessed by name where a target does not say. */
  readonly capabilities: readonly Capability[]
}

/**
 * The card of a name that this app may use; undefined when nothing has the name, or nothing that the app may use.
 * Clients of Ollama add `:latest` to a name without a tag, so `coder:latest` is `coder`, where only that is listed.
 */
export function modelCard(
  directory: Pick<Directory, 'resolve' | 'list'>,
  given: string,
  app: CallerApp,
): ModelCard | undefined {
  for (const name of namesOf(directory, given.trim(), app)) {
    const resolution = directory.resolve(name)
    const card = resolution && cardOf(name, resolution, app)
    if (card !== undefined) return card
  }
  return undefined
}

/** The names to try, in this order: a pattern such as `*` must not take `coder:latest` away from a route `coder`. */
function namesOf(directory: Pick<Directory, 'resolve' | 'list'>, name: string, app: CallerApp): readonly string[] {
  const short = withoutLatest(name)
  if (short === name) return [name]
  const exact = directory.resolve(name)?.route
  // A runner's model by its whole name, as it is listed: nothing to search for.
  if (exact?.origin === 'discovered' && exact.name === name) return [name]
  const listed = new Set(directory.list({ app }).map(({ id }) => id))
  return listed.has(short) && !listed.has(name) ? [short, name] : [name, short]
}

function cardOf(name: string, { name: real, route }: Resolution, app: CallerApp): ModelCard | undefined {
  const usable = route.targets.filter((target) => mayUse(app, { names: [name, real], route, target }))
  const [first] = usable
  if (first === undefined) return undefined
  const contexts = usable.map(({ contextTokens }) => contextTokens).filter((tokens) => tokens !== undefined)
  return {
    name,
    provider: first.provider,
    model: first.model,
    locality: first.locality,
    contextTokens: contexts.length === 0 ? undefined : Math.min(...contexts),
    capabilities: [...new Set(usable.flatMap(abilitiesOf))],
  }
}

function abilitiesOf({ capabilities, mode, model }: Target): readonly Capability[] {
  if (capabilities !== undefined) return capabilities
  return mode === 'embedding' ? ['embedding'] : probableAbilities(model)
}
