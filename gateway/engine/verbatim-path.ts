import type { VerbatimPath } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'

/** Where on this target a client's own bytes go; undefined: nowhere, they have to be translated. */
export function pathFor(path: VerbatimPath | undefined, target: Target): string | undefined {
  return typeof path === 'function' ? path(target) : path
}
