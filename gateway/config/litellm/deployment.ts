import type { Provider } from '../../contract/provider.ts'
import type { ProviderDraft } from '../native/file-keys.ts'
import type { TargetDraft } from '../native/model-keys.ts'
import { plainText } from '../readers.ts'
import type { Reading } from '../reading.ts'
import { quoted } from '../report.ts'
import { isBlank, type MapNode, type Place, type SourceNode, valueAt } from '../source-node.ts'
import { type DeploymentContext, partsOf, splitParams, splitSettings, withoutNotes } from './deployment-parts.ts'
import { targetOf } from './deployment-target.ts'
import { readModelName } from './model-name.ts'
import { litellmParams, modelInfo } from './sections.ts'
import { readSection } from './settings-map.ts'

/** One entry of `model_list`, understood: where requests go, and how they are treated there. */
export interface Deployment {
  readonly modelName: string
  /** The entry's place. */
  readonly at: Place
  readonly provider: Provider
  readonly model: string
  /** How the provider is reached; entries that agree on it share one. */
  readonly access: ProviderDraft
  /** Everything else; `use` is filled in when the provider has a name. */
  readonly target: Omit<TargetDraft, 'use'>
  readonly order: number | undefined
}

/**
 * Reads one entry; one for each organization where it lists several. Like LiteLLM, an entry that cannot work is left
 * out and all others are served; unlike LiteLLM, it is said why.
 */
export function readDeployments(node: SourceNode, context: DeploymentContext): readonly Deployment[] {
  const parts = understood(node, context)
  if (parts !== undefined) return deploymentsOf(parts, context)
  return []
}

function understood(node: SourceNode, context: DeploymentContext): Parts | undefined {
  const { reading, findProvider } = context
  if (node.kind !== 'map') {
    return skip(reading, node.at, 'An entry of model_list is a map with model_name and litellm_params.')
  }
  const modelName = textAt(node, 'model_name', reading)
  if (modelName === undefined) return skip(reading, node.at, 'model_name is missing.')
  const { params, info } = partsOf(node, context)
  const model = textAt(params, 'model', reading)
  if (model === undefined) return skip(reading, node.at, `${quoted(modelName)} has no litellm_params.model.`)
  const custom = textAt(params, 'custom_llm_provider', reading)
  const hasBase = !isBlank(valueAt(params, 'api_base')) || !isBlank(valueAt(params, 'base_url'))
  const name = readModelName(model, custom, { hasBase, find: findProvider })
  const at = valueAt(params, 'model')?.at ?? node.at
  if ('problem' in name) return skipProvider(reading, at, { ...name, model })
  if (name.guessed) {
    const message = `${quoted(model)} names no known provider; the server at its api_base is taken to speak OpenAI.`
    reading.report.warn(at, { code: 'guessed-provider', message, suggestion: `Write openai/${model.slice(0, 60)}` })
  }
  return { entry: node, modelName, params, info, provider: name.provider, model: name.model }
}

function textAt(map: MapNode, name: string, reading: Reading): string | undefined {
  const node = valueAt(map, name)
  return (node === undefined ? undefined : plainText(node, reading, name)) || undefined
}

function skip(reading: Reading, at: Place, message: string): undefined {
  reading.report.warn(at, { code: 'bad-value', message: `${message} This entry is skipped.` })
}

function skipProvider(
  reading: Reading,
  at: Place,
  found: { problem: 'unavailable' | 'unknown'; name: string; model: string },
): undefined {
  if (found.problem === 'unavailable') {
    const message = `The provider ${quoted(found.name)} is not available in this version. This entry is skipped.`
    reading.report.warn(at, { code: 'unsupported-provider', message })
    return
  }
  reading.report.warn(at, {
    code: 'unknown-provider',
    message: `${quoted(found.model)} does not say which provider serves it. This entry is skipped.`,
    suggestion: 'Write it as provider/model, for example openai/NAME with an api_base.',
  })
}

interface Parts {
  readonly entry: MapNode
  readonly modelName: string
  readonly params: MapNode
  readonly info: MapNode
  readonly provider: Provider
  readonly model: string
}

function deploymentsOf(parts: Parts, context: DeploymentContext): readonly Deployment[] {
  const { reading } = context
  const { entry, modelName, provider, model } = parts
  const { settings, rest } = splitSettings(parts.params, provider, reading)
  const { structural, request } = splitParams(rest, reading)
  const given = readSection(structural, litellmParams, reading)
  const info = readSection(withoutNotes(parts.info, reading), modelInfo, reading)
  const { at } = entry
  const access: ProviderDraft = {
    kind: provider.id,
    base_url: given.api_base ?? given.base_url,
    key: given.api_key,
    settings,
    unlisted_models: false,
    at,
  }
  const organizations =
    given.organization === undefined || given.organization.length === 0 ? [undefined] : given.organization
  return organizations.map((organization, index) => ({
    modelName,
    at,
    provider,
    model,
    access,
    target: targetOf(given, info, { at, request, organization, index, maxParallel: context.maxParallel, reading }),
    order: given.order,
  }))
}
