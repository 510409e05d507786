import type { Target } from '../contract/route.ts'

/** What a target says that nobody configured: nothing, in the only tier. */
export const bareTarget = {
  key: undefined,
  tier: 1,
  weight: undefined,
  rpm: undefined,
  tpm: undefined,
  maxParallelRequests: undefined,
  timeouts: {},
  retries: undefined,
  cooldownMs: undefined,
  contextTokens: undefined,
  capabilities: undefined,
  mode: undefined,
  price: undefined,
  tags: [],
} as const satisfies Partial<Target>
