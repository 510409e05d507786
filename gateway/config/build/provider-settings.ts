import type { Provider, Settings } from '../../contract/provider.ts'
import { Secret } from '../../contract/secret.ts'
import { closest } from '../../kit/suggest.ts'
import type { ProviderDraft } from '../native/file-keys.ts'
import { object } from '../reading.ts'
import { quoted } from '../report.ts'
import type { BuildContext } from './build-context.ts'

/** What a provider is told beyond address and key, sorted by whether people may see it. */
export interface ProviderSettings {
  readonly settings: Settings
  readonly secrets: Readonly<Record<string, Secret>>
}

/** The stated settings over the provider's usual variables. An unknown one is reported, with what may be meant. */
export function providerSettings(provider: Provider, draft: ProviderDraft, context: BuildContext): ProviderSettings {
  const known = provider.settings ?? []
  for (const [name, { at }] of draft.settings ?? []) {
    if (known.some((setting) => setting.name === name)) continue
    const near = closest(
      name,
      known.map((setting) => setting.name),
    )
    const all = known.length === 0 ? 'It has none.' : `It has: ${known.map((setting) => setting.name).join(', ')}.`
    context.refused.add(draft)
    object(context, at, {
      code: 'unknown-key',
      message: `${provider.label} has no setting ${quoted(name)}.`,
      suggestion: near === undefined ? all : `Did you mean "${near}"?`,
    })
  }
  const settings: Record<string, string> = versionSettings(provider, draft)
  const secrets: Record<string, Secret> = {}
  for (const { name, env, secret } of known) {
    const variable = env.find((candidate) => context.environment(candidate) !== undefined)
    const value = draft.settings?.get(name)?.secret?.reveal() ?? (variable && context.environment(variable))
    if (value === undefined || value === '') continue
    if (secret === true) secrets[name] = new Secret(value)
    else settings[name] = value
  }
  return { settings, secrets }
}

/** The stated address without the API version that a URL copied from Azure's portal ends in, for providers that have one. */
export function statedUrl(provider: Provider, draft: ProviderDraft): string | undefined {
  const url = draft.base_url?.value
  return versionIn(provider, url) === undefined ? url : url?.replace(API_VERSION, '')
}

const API_VERSION = /\?api-version=([\w.-]{1,40})$/

function versionIn(provider: Provider, url: string | undefined): string | undefined {
  if (provider.settings?.some(({ name }) => name === 'api_version') !== true) return undefined
  return API_VERSION.exec(url ?? '')?.[1]
}

function versionSettings(provider: Provider, draft: ProviderDraft): Record<string, string> {
  const version = versionIn(provider, draft.base_url?.value)
  return version === undefined ? {} : { api_version: version }
}

/** As fields of a target, absent where there is nothing to say. */
export function settingFields({ settings, secrets }: ProviderSettings): Partial<ProviderSettings> {
  return {
    ...(Object.keys(settings).length > 0 && { settings }),
    ...(Object.keys(secrets).length > 0 && { secrets }),
  }
}
