import { hash } from 'node:crypto'
import { checkBaseUrl } from '../base-url.ts'
import type { Draft, ProviderDraft } from '../native/file-keys.ts'
import type { ModelDraft, TargetDraft } from '../native/model-keys.ts'
import type { KeyText } from '../readers.ts'
import type { Deployment } from './deployment.ts'

/** The providers and models that a list of deployments amounts to. */
export interface Groups {
  readonly providers: NonNullable<Draft['providers']>
  readonly models: ReadonlyMap<string, ModelDraft>
}

/** Entries with the same `model_name` form one model; entries that are reached in the same way share a provider. */
export function groupDeployments(deployments: readonly Deployment[]): Groups {
  const providers = new Map<string, ProviderDraft>()
  const names = new Map<string, string>()
  const models = new Map<string, { readonly at: ModelDraft['at']; readonly deployments: Deployment[] }>()
  const uses = new Map<Deployment, string>()
  for (const deployment of deployments) {
    const identity = identityOf(deployment.access)
    const name = names.get(identity) ?? freeName(baseName(deployment), providers)
    names.set(identity, name)
    providers.set(name, providers.get(name) ?? deployment.access)
    uses.set(deployment, `${name}/${deployment.model}`)
    const group = models.get(deployment.modelName) ?? { at: deployment.at, deployments: [] }
    group.deployments.push(deployment)
    models.set(deployment.modelName, group)
  }
  const targets = (group: readonly Deployment[]): readonly TargetDraft[] =>
    group.map((deployment) => ({ use: uses.get(deployment), tier: tierOf(deployment, group), ...deployment.target }))
  return {
    providers,
    models: new Map([...models].map(([name, group]) => [name, { at: group.at, targets: targets(group.deployments) }])),
  }
}

/** `order` as a tier: where some entries of a group have one, those without come after all of them. */
function tierOf({ order }: Deployment, group: readonly Deployment[]): number | undefined {
  const orders = group.flatMap((other) => other.order ?? [])
  return orders.length === 0 ? undefined : (order ?? Math.max(...orders) + 1)
}

/** Tells two accesses apart; of a literal key only its hash is compared. */
function identityOf({ kind, base_url: base, key, settings }: ProviderDraft): string {
  const own = [...(settings ?? [])].map(([name, value]) => [name, ...credentialIdentity(value)])
  return JSON.stringify([kind, base?.raw, ...credentialIdentity(key), own])
}

function credentialIdentity(key: KeyText | undefined): readonly (string | undefined)[] {
  return [key?.variable, key?.secret === undefined ? undefined : hash('sha256', key.secret.reveal(), 'hex')]
}

/** The provider's own name at its own address; elsewhere the host says more. */
function baseName({ provider, access }: Deployment): string {
  const url = access.base_url?.value
  const check = url === undefined ? undefined : checkBaseUrl(url)
  if (check === undefined || !check.ok || check.locality === provider.defaults.locality) return provider.id
  return new URL(check.url).host
    .replaceAll(/[^A-Za-z0-9.]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
    .slice(0, 60)
}

function freeName(name: string, taken: ReadonlyMap<string, unknown>): string {
  let free = name
  for (let number = 2; taken.has(free); number++) free = `${name}-${number}`
  return free
}
