import type { Endpoint } from '../../contract/config.ts'
import type { Provider, Settings } from '../../contract/provider.ts'
import type { Locality } from '../../contract/route.ts'
import { Secret } from '../../contract/secret.ts'
import { closest } from '../../kit/suggest.ts'
import { checkBaseUrl } from '../base-url.ts'
import type { Draft, ProviderDraft, RoutingDraft } from '../native/file-keys.ts'
import { object } from '../reading.ts'
import { quoted } from '../report.ts'
import type { Place } from '../source-node.ts'
import { type BuildContext, refuse } from './build-context.ts'
import { providerSettings, settingFields, statedUrl } from './provider-settings.ts'
import { paramRules, targetTimeouts } from './treatment.ts'

/** An endpoint with what was said of it, from which its targets are made. */
export interface ConfiguredEndpoint {
  readonly endpoint: Endpoint
  readonly draft: ProviderDraft
}

interface Address {
  readonly url: string
  readonly locality: Locality
  /** True when the provider's own address is used, or one that its own variable names: its key may go there. */
  readonly own: boolean
}

/** The endpoints by name: those of the file, and providers that a target names without the file describing them. */
export interface EndpointBook {
  /** `broken`: it exists but cannot be used, which has been reported where it stands. */
  find(name: string, at: Place): ConfiguredEndpoint | 'broken' | undefined
  /** What the file says of it, also when it is broken. */
  draftOf(name: string): ProviderDraft | undefined
  all(): readonly ConfiguredEndpoint[]
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

export function createEndpointBook(draft: Draft, context: BuildContext): EndpointBook {
  const book = new Map<string, ConfiguredEndpoint | 'broken'>()
  const add = (name: string, provider: ProviderDraft): ConfiguredEndpoint | 'broken' => {
    const made = buildEndpoint(name, provider, draft.routing ?? {}, context) ?? 'broken'
    book.set(name, made)
    return made
  }
  for (const [name, provider] of draft.providers ?? []) {
    if (NAME.test(name)) {
      add(name, provider)
      continue
    }
    const message = `A provider's name has letters, digits, ".", "-" and "_" only, unlike ${quoted(name)}.`
    refuse(provider, context, { code: 'bad-value', message })
  }
  return {
    find: (name, at) => book.get(name) ?? (context.findProvider(name) === undefined ? undefined : add(name, { at })),
    draftOf: (name) => draft.providers?.get(name),
    all: () => [...book.values()].filter((made) => made !== 'broken'),
  }
}

/** Makes an endpoint of a provider's settings; undefined after reporting why that cannot be done. */
function buildEndpoint(
  name: string,
  draft: ProviderDraft,
  routing: RoutingDraft,
  context: BuildContext,
): ConfiguredEndpoint | undefined {
  const kind = draft.kind ?? name
  const provider = context.findProvider(kind)
  if (provider === undefined) {
    const near = closest(kind, context.providerIds ?? [])
    const suggestion =
      near === undefined ? 'For a server that speaks OpenAI write "kind: openai".' : `Did you mean "kind: ${near}"?`
    return refuse(draft, context, {
      code: 'unknown-provider',
      message: `There is no provider ${quoted(kind)}.`,
      suggestion,
    })
  }
  const own = providerSettings(provider, draft, context)
  const address = addressOf(name, { provider, draft, settings: own.settings }, context)
  if (address === undefined) return undefined
  const locality = draft.locality ?? address.locality
  const template = {
    id: name,
    provider: provider.id,
    endpoint: name,
    model: '',
    locality,
    baseUrl: address.url,
    key: keyOf(name, provider, draft, { address, context }),
    ...settingFields(own),
    tier: 1,
    weight: undefined,
    rpm: draft.rpm,
    tpm: draft.tpm,
    maxParallelRequests: draft.max_parallel,
    timeouts: targetTimeouts([draft], routing.timeouts ?? {}, locality),
    retries: undefined,
    cooldownMs: undefined,
    params: paramRules({ drop_params: routing.drop_params }, draft),
    contextTokens: draft.context_tokens,
    capabilities: undefined,
    mode: undefined,
    price: undefined,
    tags: [],
  }
  return { endpoint: { name, provider: provider.id, baseUrl: address.url, locality, template }, draft }
}

interface Addressed {
  readonly provider: Provider
  readonly draft: ProviderDraft
  readonly settings: Settings
}

function addressOf(name: string, addressed: Addressed, context: BuildContext): Address | undefined {
  const { provider, draft, settings } = addressed
  const { defaults } = provider
  const usualUrl = provider.baseUrlFrom?.(settings) ?? defaults.baseUrl
  if (defaults.locality === 'builtin') return { url: '', locality: 'builtin', own: true }
  const variable = defaults.baseUrlEnv.find((candidate) => context.environment(candidate) !== undefined)
  const fromEnv = variable === undefined ? undefined : context.environment(variable)
  // A stated address that is not known must not become the provider's own: the prompts were not meant for it.
  const url = draft.base_url === undefined ? (fromEnv ?? usualUrl) : statedUrl(provider, draft)
  if (draft.base_url !== undefined && url === undefined) {
    const message = `${quoted(name)} is left out, because the variable that holds its address is not set.`
    context.report.warn(draft.base_url.at, { code: 'missing-base-url', message })
    return undefined
  }
  if (url === undefined || url === '') {
    return refuse(draft, context, {
      code: 'missing-base-url',
      message: `${quoted(name)} needs an address: ${provider.label} has none of its own.`,
      suggestion:
        provider.baseUrlFrom !== undefined
          ? settingsHint(provider, context)
          : `Write ${context.manner === 'strict' ? 'base_url' : 'api_base'}: http://HOST:PORT, with /v1 where the server has it.`,
    })
  }
  const at = draft.base_url?.at ?? draft.at
  const check = checkBaseUrl(url)
  const subject =
    draft.base_url === undefined && variable !== undefined
      ? `The variable ${variable}`
      : `The address of ${quoted(name)}`
  if (!check.ok) {
    const { suggestion } = check
    context.refused.add(draft)
    return object(context, at, { code: 'bad-base-url', message: `${subject} ${check.message}.`, suggestion })
  }
  if (check.warning !== undefined) {
    context.report.warn(at, { code: 'insecure-url', message: `${subject} ${check.warning}.` })
  }
  const tidy = (given: string): string => provider.normaliseBaseUrl?.(given) ?? given
  const usual = [fromEnv, usualUrl].filter((known) => known !== undefined)
  const own = usual.some((known) => tidy(known) === tidy(check.url))
  // A public address is never "this machine", whatever the provider usually is.
  const isDefault = usualUrl !== undefined && tidy(usualUrl) === tidy(check.url)
  return { url: tidy(check.url), locality: isDefault ? defaults.locality : check.locality, own }
}

/** Providers whose address follows from where the account is. */
function settingsHint(provider: Provider, { manner }: BuildContext): string {
  const names = (provider.settings ?? []).filter(({ secret }) => secret !== true).slice(0, 3)
  const written = names.map(({ name, litellm }) => (manner === 'strict' ? `settings.${name}` : (litellm[0] ?? name)))
  return `State ${written.join(' and ')}, or the address itself.`
}

/**
 * The stated key, else the one in the provider's usual variable. The latter goes only to the provider's own address:
 * nobody who points a base_url at another server has thereby said that it may have their OpenAI key.
 */
function keyOf(
  name: string,
  provider: Provider,
  draft: ProviderDraft,
  { address, context }: { address: Address; context: BuildContext },
): Secret | undefined {
  if (draft.key !== undefined) return draft.key.secret
  const { keyEnv, keyRequired } = provider.defaults
  const variable = keyEnv.find((candidate) => context.environment(candidate) !== undefined)
  const value = variable === undefined ? undefined : context.environment(variable)
  if (address.own && value !== undefined) return new Secret(value)
  if (address.own && keyRequired) warnOfMissingKey(draft.at, name, keyEnv[0], context)
  if (!address.own && variable !== undefined && address.locality === 'cloud') {
    context.report.warn(draft.at, {
      code: 'key-not-sent',
      message: `${quoted(name)} is not at ${provider.label}'s own address, so the key in ${variable} is not sent there.`,
      suggestion: `To send it, state it as the key: os.environ/${variable}`,
    })
  }
  return undefined
}

function warnOfMissingKey(at: Place, name: string, variable: string | undefined, context: BuildContext): void {
  const suggestion =
    variable === undefined ? 'State its key.' : `Set ${variable} before starting Spillway, or state the key.`
  context.report.warn(at, { code: 'missing-key', message: `${quoted(name)} needs a key and has none.`, suggestion })
}
