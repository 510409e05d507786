import type { Provider } from '../contract/provider.ts'
import * as ownProviders from './own-providers.ts'
import { presets } from './presets.ts'

/** Every provider, sorted by id. */
export const providers: readonly Provider[] = [...Object.values(ownProviders), ...presets].toSorted((a, b) =>
  a.id < b.id ? -1 : 1,
)

const byName: ReadonlyMap<string, Provider> = new Map(
  providers.flatMap((provider) => [provider.id, ...provider.aliases].map((name) => [name, provider] as const)),
)

/** The provider behind a prefix of `provider/model`, whether it is the id or an alias. */
export function findProvider(idOrAlias: string): Provider | undefined {
  return byName.get(idOrAlias)
}
