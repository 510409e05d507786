import { plainTarget } from '../../test/plain-target.ts'
import type { Provider } from '../../contract/provider.ts'
import type { Target } from '../../contract/route.ts'
import { Secret } from '../../contract/secret.ts'

/** A target of this provider at its usual address, with nothing special about it. */
export function testTarget(provider: Provider): Target {
  return {
    ...plainTarget,
    id: `${provider.id}/real-model`,
    provider: provider.id,
    endpoint: provider.id,
    model: 'real-model',
    locality: provider.defaults.locality,
    baseUrl: provider.defaults.baseUrl ?? 'http://127.0.0.1:9',
    key: new Secret('test-key'),
  }
}
