import type { ProviderSetting, Settings } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { googlePathSegment } from './path-segment.ts'

const VERSION = 'v1beta1'
const DEFAULT_LOCATION = 'us-central1'
/** Locations of several regions, whose hosts are named otherwise. */
const MULTI_REGIONS: ReadonlySet<string> = new Set(['us', 'eu'])

/** What Vertex has to be told. Without a project only a key works ("express mode"). */
export const vertexSettings: readonly ProviderSetting[] = [
  {
    name: 'project',
    litellm: ['vertex_project', 'vertex_ai_project'],
    env: ['VERTEXAI_PROJECT', 'GOOGLE_CLOUD_PROJECT', 'VERTEX_PROJECT'],
    help: 'The Google Cloud project that is billed.',
  },
  {
    name: 'location',
    litellm: ['vertex_location', 'vertex_ai_location'],
    env: ['VERTEXAI_LOCATION', 'GOOGLE_CLOUD_LOCATION', 'VERTEX_LOCATION'],
    help: `A region, us, eu, or global. Default: ${DEFAULT_LOCATION}.`,
  },
  {
    name: 'credentials',
    litellm: ['vertex_credentials', 'vertex_ai_credentials'],
    env: ['VERTEXAI_CREDENTIALS', 'GOOGLE_APPLICATION_CREDENTIALS'],
    secret: true,
    help: 'The JSON of a service account or the path of its file. Default: what gcloud or the machine has.',
  },
]

/**
 * The host follows from the location. `v1beta1` as in Google's SDK: `v1` does not know the ids of function calls, and a
 * request that sends one back would be refused.
 */
export function vertexBaseUrl(settings: Settings): string | undefined {
  const { project, location } = settings
  if (project === undefined && location === undefined) return undefined
  return `https://${hostOf(locationOf(settings))}/${VERSION}`
}

/** Where a key alone is enough; the global host. */
export const EXPRESS_BASE_URL = `https://aiplatform.googleapis.com/${VERSION}`

/** The path of a publisher's model, in the project where there is one. */
export function vertexModelPath(target: Target, publisher: string, model: string): string {
  const settings = target.settings ?? {}
  const { project } = settings
  const owner = project === undefined ? '' : `/projects/${project}/locations/${locationOf(settings)}`
  return `${owner}/publishers/${publisher}/models/${googlePathSegment(model)}`
}

function locationOf({ location }: Settings): string {
  return location === undefined || location === '' ? DEFAULT_LOCATION : location
}

function hostOf(location: string): string {
  if (location === 'global') return 'aiplatform.googleapis.com'
  if (MULTI_REGIONS.has(location)) return `aiplatform.${location}.rep.googleapis.com`
  return `${location}-aiplatform.googleapis.com`
}
