import type { Provider } from '../../contract/provider.ts'
import { Secret } from '../../contract/secret.ts'
import type { Environment } from '../environment.ts'
import type { SourceLoader } from '../load-source.ts'
import type { Draft } from '../native/file-keys.ts'
import type { ModelDraft } from '../native/model-keys.ts'
import { mapOf, type Keys, type Reading, resolved, TOP_LEVEL, type Values, wrongValue } from '../reading.ts'
import type { KeyText } from '../readers.ts'
import type { Report } from '../report.ts'
import { isBlank, type MapNode, type SourceNode, valueAt } from '../source-node.ts'
import { readDeployments } from './deployment.ts'
import { placeFallbacks } from './fallbacks.ts'
import { groupDeployments } from './groups.ts'
import { withIncludes } from './include.ts'
import { aliasesOf, type LitellmSettings, policyRetries, type RouterSettings, routingOf } from './routing.ts'
import { generalSettings, isKnownIn, litellmHome, litellmSettings, routerSettings, topLevel } from './sections.ts'
import { readSection, relocate, type Section } from './settings-map.ts'

export interface TranslationInput {
  readonly path: string
  readonly loader: SourceLoader
  readonly report: Report
  readonly environment: Environment
  readonly findProvider: (idOrAlias: string) => Provider | undefined
}

export interface Translated {
  readonly draft: Draft
  /** The environment with what the file exports to it. */
  readonly environment: Environment
  /** The variables that the file exports: often keys. */
  readonly exports: ReadonlyMap<string, Secret>
}

/**
 * LiteLLM's `config.yaml` as a native configuration. Nothing is ignored without a word: what has no meaning here is
 * reported, with its place, as a warning.
 *
 * Two things differ on purpose. Without a `master_key` LiteLLM lets everybody in; here a key is asked for all the
 * same. And the file lists what is served: no models are added that were found on this machine.
 */
export function translateLitellm(main: MapNode, input: TranslationInput): Translated {
  const { report } = input
  const root = withIncludes(main, input.path, input)
  const variables = exportedBy(valueAt(root, 'environment_variables'), input)
  const environment: Environment = (name) => variables.get(name)?.reveal() ?? input.environment(name)
  const reading: Reading = { report, environment, manner: 'lenient', belongs: litellmHome }
  const sections = readSections(root, reading)
  const { router, library } = sections
  const credentials = credentialsOf(sections.top.credential_list, reading)
  const deployments = entriesOf(sections.top.model_list, reading).flatMap((entry) =>
    readDeployments(entry, {
      reading,
      credentials,
      defaults: router.default_litellm_params,
      maxParallel: router.default_max_parallel_requests,
      findProvider: input.findProvider,
    }),
  )
  const groups = groupDeployments(deployments)
  const placed = placeFallbacks(groups.models, fallbackSettings(router, library))
  const aliases = aliasesOf(router.model_group_alias, reading)
  const { general } = sections
  const megabytes = general.max_request_size_mb
  const draft: Draft = {
    discovery: false,
    keys: masterKeys(general.master_key, root, { environment, report }),
    server: megabytes === undefined ? undefined : { max_body_mb: Math.ceil(megabytes) },
    providers: groups.providers,
    models: withPolicies(placed.models, router),
    aliases: aliases.size === 0 ? undefined : aliases,
    routing: { ...routingOf(router, library, reading), ...placed.routing },
  }
  return { draft, environment, exports: variables }
}

interface Sections {
  readonly top: Values<typeof topLevel.keys>
  readonly library: LitellmSettings
  readonly router: RouterSettings
  readonly general: Values<typeof generalSettings.keys>
}

/** Reads the three sections of settings, after moving what stands in the wrong one. */
function readSections(root: MapNode, reading: Reading): Sections {
  const settings: readonly Section<Keys>[] = [generalSettings, litellmSettings, routerSettings]
  const maps = new Map<string, MapNode>()
  for (const { path } of settings) {
    const value = valueAt(root, path)
    const map = value === undefined ? undefined : mapOf(value, reading, path)
    maps.set(path, map ?? { kind: 'map', at: value?.at ?? root.at, entries: [] })
  }
  let rest = root
  const move = (from: MapNode, path: string, to: Section<Keys>, isHome: (name: string) => boolean): MapNode => {
    const target = maps.get(to.path) ?? from
    const belongs = (name: string): boolean => Object.hasOwn(to.keys, name) && !isHome(name)
    const moved = relocate({ map: from, path }, { map: target, path: to.path }, { belongs, reading })
    maps.set(to.path, moved.to)
    return moved.from
  }
  for (const to of settings) {
    rest = move(rest, TOP_LEVEL, to, (name) => isKnownIn(topLevel, name))
    for (const from of settings) {
      const map = maps.get(from.path)
      if (from === to || map === undefined) continue
      maps.set(
        from.path,
        move(map, from.path, to, (name) => isKnownIn(from, name)),
      )
    }
  }
  const read = <K extends Keys>(section: Section<K>): Values<K> =>
    readSection(maps.get(section.path) ?? root, section, reading)
  return {
    top: readSection(withoutSections(rest), topLevel, reading),
    library: read(litellmSettings),
    router: read(routerSettings),
    general: read(generalSettings),
  }
}

/** The sections of settings have been read as maps already; their mistakes are not told twice. */
function withoutSections(root: MapNode): MapNode {
  return {
    ...root,
    entries: root.entries.filter(({ name }) => !name.endsWith('_settings') || !Object.hasOwn(topLevel.keys, name)),
  }
}

/** `environment_variables` are exported to the process there; here only this configuration sees them. */
function exportedBy(
  node: SourceNode | undefined,
  { environment, report }: TranslationInput,
): ReadonlyMap<string, Secret> {
  if (node === undefined || isBlank(node)) return new Map()
  const reading: Reading = { report, environment, manner: 'lenient', belongs: () => undefined }
  const variables = new Map<string, Secret>()
  for (const { name, value } of mapOf(node, reading, 'environment_variables')?.entries ?? []) {
    const read = value.kind === 'scalar' ? resolved(value, reading).value : undefined
    if (value.kind !== 'scalar')
      wrongValue(value, reading, { path: 'environment_variables', expected: 'names and texts' })
    else if (read !== undefined && String(read ?? '').trim() !== '')
      variables.set(name, new Secret(String(read).trim()))
  }
  return variables
}

function entriesOf(node: SourceNode | undefined, reading: Reading): readonly SourceNode[] {
  if (node === undefined || isBlank(node)) return []
  if (node.kind === 'list') return node.items
  wrongValue(node, reading, { path: 'model_list', expected: 'a list of entries, each beginning with "- model_name:"' })
  return []
}

function credentialsOf(node: SourceNode | undefined, reading: Reading): ReadonlyMap<string, MapNode> {
  const credentials = new Map<string, MapNode>()
  for (const item of node?.kind === 'list' ? node.items : []) {
    const map = mapOf(item, reading, 'credential_list[]')
    const name = map === undefined ? undefined : valueAt(map, 'credential_name')
    const values = map === undefined ? undefined : valueAt(map, 'credential_values')
    if (name?.kind === 'scalar' && values?.kind === 'map') credentials.set(String(name.value), values)
    else
      wrongValue(item, reading, {
        path: 'credential_list[]',
        expected: 'a map with credential_name and credential_values',
      })
  }
  return credentials
}

function fallbackSettings(router: RouterSettings, library: LitellmSettings): Parameters<typeof placeFallbacks>[1] {
  const none = new Map<string, readonly string[]>()
  return {
    general: router.fallbacks ?? library.fallbacks ?? none,
    contextWindow: router.context_window_fallbacks ?? library.context_window_fallbacks ?? none,
    contentPolicy: router.content_policy_fallbacks ?? library.content_policy_fallbacks ?? none,
    byDefault: router.default_fallbacks ?? library.default_fallbacks ?? [],
  }
}

function withPolicies(
  models: ReadonlyMap<string, ModelDraft>,
  router: RouterSettings,
): ReadonlyMap<string, ModelDraft> {
  const policies = router.model_group_retry_policy
  if (policies === undefined) return models
  return new Map(
    [...models].map(([name, model]) => {
      const policy = policies.get(name)
      return [name, policy === undefined ? model : { ...model, retries: policyRetries(policy) }] as const
    }),
  )
}

/** LiteLLM's own variable for the master key, which holds where the file states none. */
const MASTER_KEY_VARIABLE = 'LITELLM_MASTER_KEY'

function masterKeys(
  stated: KeyText | undefined,
  root: MapNode,
  { environment, report }: { environment: Environment; report: Report },
): ReadonlyMap<string, KeyText> | undefined {
  if (stated !== undefined) return new Map([['master', stated]])
  const fromEnv = environment(MASTER_KEY_VARIABLE)
  if (fromEnv !== undefined) {
    return new Map([['master', { variable: MASTER_KEY_VARIABLE, secret: new Secret(fromEnv), at: root.at }]])
  }
  report.warn(root.at, {
    code: 'no-master-key',
    message:
      'There is no master_key. LiteLLM would let everybody in; Spillway asks for the key that it creates at its first start.',
    suggestion: 'To choose the key: general_settings.master_key: os.environ/LITELLM_MASTER_KEY',
  })
  return undefined
}
