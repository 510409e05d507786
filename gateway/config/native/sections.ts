import { type Keys, TOP_LEVEL } from '../reading.ts'
import {
  aliasKeys,
  appKeys,
  cooldownKeys,
  fileKeys,
  logKeys,
  modelFallbackKeys,
  providerKeys,
  routingKeys,
  serverKeys,
} from './file-keys.ts'
import { modelKeys, priceKeys, targetKeys } from './model-keys.ts'
import { retryKeys, timeoutKeys } from './treatment-keys.ts'

/** Every map of the file with fixed keys, by its path: for the reference, and to say where a misplaced key belongs. */
export const sections: readonly (readonly [path: string, keys: Keys])[] = [
  ['', fileKeys],
  ['server', serverKeys],
  ['providers.NAME', providerKeys],
  ['models.NAME', modelKeys],
  ['models.NAME.targets[]', targetKeys],
  ['models.NAME.targets[].price', priceKeys],
  ['aliases.NAME', aliasKeys],
  ['routing', routingKeys],
  ['routing.retries', retryKeys],
  ['routing.cooldown', cooldownKeys],
  ['routing.timeouts', timeoutKeys],
  ['routing.model_fallbacks.NAME', modelFallbackKeys],
  ['apps.NAME', appKeys],
  ['logs', logKeys],
]

/** Names that other programs use for what Spillway calls differently. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  api_key: 'providers.NAME as "key"',
  api_base: 'providers.NAME as "base_url"',
  master_key: 'keys, as "NAME: os.environ/VARIABLE"',
  num_retries: 'routing as "retries"',
  retry_policy: 'routing.retries as "by_kind"',
  cooldown_time: 'routing.cooldown as "ms"',
  timeout: 'routing.timeouts, in milliseconds',
  order: 'models.NAME.targets[] as "tier"',
  max_parallel_requests: 'providers.NAME as "max_parallel"',
  temperature: 'providers.NAME.params or models.NAME.targets[].params',
}

/** The section that a key belongs to, when it is known but not where it stands. */
export function nativeHome(name: string): string | undefined {
  if (Object.hasOwn(OTHER_NAMES, name)) return OTHER_NAMES[name]
  const homes = sections.filter(([path, keys]) => path !== '' && Object.hasOwn(keys, name)).map(([path]) => path)
  if (homes.length > 0) return homes.slice(0, 2).join(' or ')
  return Object.hasOwn(fileKeys, name) ? TOP_LEVEL : undefined
}
