import type { Provider } from '../../contract/provider.ts'
import { closest } from '../../kit/suggest.ts'
import { mapOf, type Reading } from '../reading.ts'
import { credential, type Json, jsonOf, type KeyText } from '../readers.ts'
import { quoted } from '../report.ts'
import { type MapNode, overlaid, plainValue, type SourceNode, valueAt } from '../source-node.ts'
import { isRequestParam, requestParamNames } from './request-params.ts'
import { isKnownIn, litellmParams, modelInfo } from './sections.ts'
import { relocate } from './settings-map.ts'

/** What reading an entry needs beside the entry. */
export interface DeploymentContext {
  readonly reading: Reading
  /** Credentials by name, to be laid under an entry that refers to them. */
  readonly credentials: ReadonlyMap<string, MapNode>
  /** `router_settings.default_litellm_params`. */
  readonly defaults: MapNode | undefined
  readonly maxParallel: number | undefined
  readonly findProvider: (idOrAlias: string) => Provider | undefined
}

const ENTRY_KEYS = ['model_name', 'litellm_params', 'model_info']

/** The two maps of an entry, with what stood in the wrong one put right and the defaults laid under. */
export function partsOf(entry: MapNode, context: DeploymentContext): { params: MapNode; info: MapNode } {
  const { reading } = context
  const part = (name: string): MapNode => {
    const value = valueAt(entry, name)
    const read = value === undefined ? undefined : mapOf(value, reading, name)
    return read ?? { kind: 'map', at: entry.at, entries: [] }
  }
  const outside = { ...entry, entries: entry.entries.filter(({ name }) => !ENTRY_KEYS.includes(name)) }
  const isParam = (name: string): boolean => isKnownIn(litellmParams, name) || isRequestParam(name)
  const belongsToInfo = (name: string): boolean => isKnownIn(modelInfo, name) && !isParam(name)
  const moved = relocate(
    { map: outside, path: 'a model_list entry' },
    { map: part('litellm_params'), path: 'litellm_params' },
    { belongs: isParam, reading },
  )
  const movedInfo = relocate(
    { map: moved.from, path: 'a model_list entry' },
    { map: part('model_info'), path: 'model_info' },
    { belongs: belongsToInfo, reading },
  )
  for (const { name, nameAt } of movedInfo.from.entries) {
    const near = closest(name, ENTRY_KEYS)
    const suggestion = near === undefined ? undefined : `Did you mean "${near}"?`
    reading.report.warn(nameAt, {
      code: 'unknown-key',
      message: `There is no key ${quoted(name)} in a model_list entry.`,
      suggestion,
    })
  }
  const swapped = relocate(
    { map: moved.to, path: 'litellm_params' },
    { map: movedInfo.to, path: 'model_info' },
    { belongs: belongsToInfo, reading },
  )
  return { params: withDefaults(swapped.from, context), info: swapped.to }
}

/** The parameters over the credential that they refer to, over the router's defaults. */
function withDefaults(params: MapNode, { reading, credentials, defaults }: DeploymentContext): MapNode {
  const name = valueAt(params, 'litellm_credential_name')
  const named = name?.kind === 'scalar' ? credentials.get(String(name.value)) : undefined
  if (name !== undefined && named === undefined) {
    reading.report.warn(name.at, { code: 'bad-value', message: 'There is no such entry in credential_list.' })
  }
  const below = [defaults, named].filter((map) => map !== undefined)
  return below.reduceRight((above, map) => overlaid(map, above), params)
}

/** The keys that this provider has for itself (`aws_region_name`, `api_version`), by the names of its settings. */
export function splitSettings(
  params: MapNode,
  provider: Provider,
  reading: Reading,
): { settings: ReadonlyMap<string, KeyText> | undefined; rest: MapNode } {
  const known = provider.settings ?? []
  const settings = new Map<string, KeyText>()
  for (const { name, litellm } of known) {
    const node = litellm.map((key) => valueAt(params, key)).find((value) => value !== undefined)
    const value = node && credential(asText(node), reading, name)
    if (value !== undefined) settings.set(name, value)
  }
  const taken = new Set(known.flatMap(({ litellm }) => litellm))
  const entries = params.entries.filter(({ name }) => !taken.has(name))
  return { settings: settings.size === 0 ? undefined : settings, rest: { ...params, entries } }
}

/** `vertex_credentials` may be a map, which is the text of its JSON. */
function asText(node: SourceNode): SourceNode {
  if (node.kind === 'scalar') return node
  return { kind: 'scalar', at: node.at, value: JSON.stringify(plainValue(node) ?? null) }
}

/** Structural keys, and what is sent to the model: LiteLLM passes on every key that it does not know. */
export function splitParams(params: MapNode, reading: Reading): { structural: MapNode; request: Json } {
  const structural = params.entries.filter(({ name }) => isKnownIn(litellmParams, name))
  const others = params.entries.filter(({ name }) => !isKnownIn(litellmParams, name))
  const request = others.filter(({ name, nameAt }) => {
    if (isRequestParam(name)) return true
    const near = closest(name, [...Object.keys(litellmParams.keys), ...requestParamNames()])
    const isSlip = near !== undefined && Object.hasOwn(litellmParams.keys, near)
    const effect = isSlip ? 'it is left out' : 'it is sent to the model as a request parameter'
    const message = `${quoted(name)} under litellm_params is not known; ${effect}.`
    reading.report.warn(nameAt, {
      code: 'unknown-key',
      message,
      suggestion: near === undefined ? undefined : `Did you mean "${near}"?`,
    })
    return !isSlip
  })
  return { structural: { ...params, entries: structural }, request: jsonOf({ ...params, entries: request }, reading) }
}

/** `model_info` takes any key as a note; only those that LiteLLM acts on are worth a word of their own. */
export function withoutNotes(info: MapNode, reading: Reading): MapNode {
  const known = info.entries.filter(({ name }) => isKnownIn(modelInfo, name))
  for (const { name, nameAt } of info.entries.filter((entry) => !known.includes(entry))) {
    const near = closest(name, Object.keys(modelInfo.keys))
    const suggestion = near === undefined ? undefined : `Did you mean "${near}"?`
    const message = `${quoted(name)} under model_info has no effect: it is a note for LiteLLM's own pages.`
    reading.report.warn(nameAt, { code: 'unsupported-key', message, suggestion })
  }
  return { ...info, entries: known }
}
