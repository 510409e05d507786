import type { VerbatimRoute } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { withoutSlash } from './base-url.ts'
import { pathSegment } from './path-segment.ts'

/**
 * Where a resource of Azure OpenAI or Azure AI Foundry serves a route. There are three interfaces, told apart by the base
 * URL, and people write that in many ways:
 * - deployments: `https://NAME.openai.azure.com`, also with `/openai`, or with a deployment's whole path
 * - v1: `.../openai/v1`, the deployment stands in the body, and there is no dated version
 * - models: `https://NAME.services.ai.azure.com/models`, Foundry's, and the endpoints of single models
 */
export interface AzureRules {
  /** What an address without any path means. */
  readonly bare: 'deployments' | 'models'
}

/** LiteLLM's default. The newest stable one, 2024-10-21, refuses reasoning models. */
const DEPLOYMENTS_VERSION = '2025-02-01-preview'
/** The only one that Foundry's model inference has. */
const MODELS_VERSION = '2024-05-01-preview'
/** From here on Responses are served beside the deployments; before that only by v1. */
const FIRST_WITH_RESPONSES = '2025-03-01'
/** From here on every model takes `max_completion_tokens`. */
const FIRST_WITH_COMPLETION_TOKENS = '2024-12-01'
const UNDATED: ReadonlySet<string> = new Set(['v1', 'latest', 'preview'])

const ROUTE_END =
  /\/(?:chat\/completions|completions|embeddings|responses|images\/[a-z]+|audio\/[a-z]+|deployments|openai)$/

const DEPLOYMENT_END = /\/deployments\/[^/]+$/

/** The address without the route that people copy along with it; a deployment's path stays, and so does a query. */
export function normaliseAzureUrl(given: string): string {
  const at = given.indexOf('?')
  const query = at < 0 ? '' : given.slice(at)
  let url = withoutSlash(at < 0 ? given : given.slice(0, at))
  while (ROUTE_END.test(url) && !DEPLOYMENT_END.test(url)) url = withoutSlash(url.replace(ROUTE_END, ''))
  return url + query
}

/** LiteLLM's prefixes say how a deployment with a name of its own is to be treated; they are no part of the name. */
const PREFIXES = /^(?:(?:responses|o_series|gpt5_series)\/)+/

/** The deployment's name, or that of the model where there are no deployments. */
export function azureModel({ model }: Pick<Target, 'model'>): string {
  return model.replace(PREFIXES, '')
}

/** The path of a route under the base URL; undefined where this interface does not have it. */
export function azurePath(target: Target, route: VerbatimRoute, rules: AzureRules): string | undefined {
  const place = placeOf(target, rules)
  const version = versionQuery(target, place)
  if (place.api === 'v1') return `${place.prefix}/${route}${version}`
  if (route === 'responses') return responsesPath(target, place, version)
  if (place.api === 'models') {
    return MODEL_ROUTES.has(route) ? `${place.prefix}/${route}${version}` : undefined
  }
  return `${place.prefix}/${route}${version}`
}

/** True where the newer name of the output limit is known, whatever the model. */
export function takesCompletionTokens(target: Target, rules: AzureRules): boolean {
  const place = placeOf(target, rules)
  if (place.api === 'models') return false
  return place.api === 'v1' || versionOf(target, place) >= FIRST_WITH_COMPLETION_TOKENS
}

/** True for the hosts of Azure's own resources, which take the key as `api-key`. */
export function isAzureResource({ baseUrl }: Pick<Target, 'baseUrl'>): boolean {
  return /\.(?:openai|cognitiveservices|services\.ai)\.azure\.(?:com|us|cn)$/.test(hostOf(baseUrl))
}

/** True for hosts that belong to Microsoft's clouds: nobody else is sent a token that was not asked for. */
export function isMicrosoft({ baseUrl }: Pick<Target, 'baseUrl'>): boolean {
  return /\.(?:azure\.(?:com|us|cn)|azure-api\.(?:net|us|cn)|microsoft\.com)$/.test(hostOf(baseUrl))
}

interface Place {
  readonly api: 'deployments' | 'v1' | 'models'
  /** What stands between the base URL and the route. */
  readonly prefix: string
  /** The base URL names the deployment, or the interface: nothing else is to be had beside it. */
  readonly narrow: boolean
}

const MODEL_ROUTES: ReadonlySet<VerbatimRoute> = new Set(['chat/completions', 'embeddings', 'images/generations'])

function placeOf(target: Target, { bare }: AzureRules): Place {
  const path = pathOf(target.baseUrl)
  if (path.endsWith('/v1')) return { api: 'v1', prefix: '', narrow: true }
  if (path.endsWith('/models')) return { api: 'models', prefix: '', narrow: true }
  if (DEPLOYMENT_END.test(path)) return { api: 'deployments', prefix: '', narrow: true }
  if (UNDATED.has(target.settings?.['api_version'] ?? '')) return { api: 'v1', prefix: '/openai/v1', narrow: false }
  if (bare === 'models' && !/\.openai\.azure\./.test(hostOf(target.baseUrl))) {
    // An endpoint of one model serves it right at its root.
    const isResource = isAzureResource(target)
    return { api: 'models', prefix: isResource ? '/models' : '', narrow: !isResource }
  }
  const deployment = pathSegment(azureModel(target))
  return { api: 'deployments', prefix: `/openai/deployments/${deployment}`, narrow: false }
}

/** Responses know no deployments: their model stands in the body. */
function responsesPath(target: Target, place: Place, version: string): string | undefined {
  if (place.narrow) return undefined
  const isServed = place.api === 'deployments' && versionOf(target, place) >= FIRST_WITH_RESPONSES
  return isServed ? `/openai/responses${version}` : '/openai/v1/responses'
}

function versionQuery(target: Target, place: Place): string {
  if (/[?&]api-version=/.test(target.baseUrl)) return ''
  const version = versionOf(target, place)
  return version === '' ? '' : `?api-version=${encodeURIComponent(version)}`
}

/** The version that was chosen, where this interface knows it. */
function versionOf(target: Target, { api }: Place): string {
  const stated = /[?&]api-version=([^&]*)/.exec(target.baseUrl)?.[1] ?? target.settings?.['api_version'] ?? ''
  if (api === 'v1') return UNDATED.has(stated) ? stated : ''
  if (stated !== '' && !UNDATED.has(stated)) return stated
  return api === 'models' ? MODELS_VERSION : DEPLOYMENTS_VERSION
}

function hostOf(baseUrl: string): string {
  return URL.canParse(baseUrl) ? new URL(baseUrl).hostname : ''
}

function pathOf(baseUrl: string): string {
  return URL.canParse(baseUrl) ? withoutSlash(new URL(baseUrl).pathname) : ''
}
