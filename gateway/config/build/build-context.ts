import type { Provider } from '../../contract/provider.ts'
import { object, type Reading } from '../reading.ts'
import type { Finding } from '../report.ts'
import type { Place } from '../source-node.ts'

/** What turning a draft into a configuration needs beside the draft. */
export interface BuildContext extends Pick<Reading, 'report' | 'manner' | 'environment'> {
  /** Ids of providers, to suggest one for a mistyped name. */
  readonly providerIds?: readonly string[] | undefined
  /** Parts of the draft that can never work; see {@link withoutRefused}. */
  readonly refused: Set<object>
  readonly findProvider: (idOrAlias: string) => Provider | undefined
}

/** Reports why a part of the draft cannot work, and remembers it. */
export function refuse(part: { readonly at: Place }, context: BuildContext, finding: Finding): undefined {
  context.refused.add(part)
  return object(context, part.at, finding)
}
