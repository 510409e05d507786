import type { Capability } from '../../contract/provider.ts'
import { type Keys, mapOf, type Read, readKeys, type Values, wrongValue } from '../reading.ts'
import { count, flag, key, listOf, number, oneOf, plainText } from '../readers.ts'
import { isBlank, type Place } from '../source-node.ts'
import { retries, treatmentKeys } from './treatment-keys.ts'

export const balance = oneOf('shuffle', 'least-busy', 'latency', 'usage', 'cost', 'order')
export const BALANCE_SHAPE = 'shuffle, least-busy, latency, usage, cost or order'

/** Every capability; a target that lists some lacks the others. */
export const capabilities = [
  'chat',
  'completion',
  'embedding',
  'tools',
  'vision',
  'reasoning',
  'insert',
  'audio',
] as const satisfies readonly Capability[]

export const priceKeys = {
  input_usd_per_mtok: key(number(0, 1_000_000), 'US dollars', 'Per million tokens of the prompt.'),
  output_usd_per_mtok: key(number(0, 1_000_000), 'US dollars', 'Per million tokens of the answer.'),
} satisfies Keys

const price: Read<Values<typeof priceKeys>> = (node, reading, path) => {
  const map = mapOf(node, reading, path)
  return map === undefined ? undefined : readKeys(map, priceKeys, reading, path)
}

export const targetKeys = {
  use: key(
    plainText,
    'text',
    '`provider/model`: a name under `providers` or a provider that Spillway knows, and its model.',
  ),
  id: key(plainText, 'text', 'A name of its own for logs and headers; made from `use` when absent.'),
  weight: key(number(0, 1_000_000), 'number', 'Its share when the balance is `shuffle`.'),
  tier: key(count(0, 1_000), 'number', 'A later tier is used only when the earlier ones cannot serve. 1 when absent.'),
  price: key(price, 'map', 'What it costs: `input_usd_per_mtok`, `output_usd_per_mtok`.'),
  capabilities: key(
    listOf(oneOf(...capabilities)),
    'list',
    `What it can do; anything is assumed when absent: ${capabilities.join(', ')}.`,
  ),
  mode: key(
    plainText,
    'text',
    'What it is for, as LiteLLM names it: `chat`, `completion`, `embedding`, `image_generation`...',
  ),
  cooldown_ms: key(count(0, 86_400_000), 'milliseconds', 'How long it is left alone after failures.'),
  retries: key(count(0, 20), 'number', "Attempts beyond the first on this target, instead of the model's."),
  tags: key(listOf(plainText), 'list', 'Tags that requests may ask for; see `routing.tag_filtering`.'),
  ...treatmentKeys,
} satisfies Keys

export interface TargetDraft extends Values<typeof targetKeys> {
  readonly at: Place
}

const target: Read<TargetDraft> = (node, reading, path) => {
  if (node.kind === 'map') return { ...readKeys(node, targetKeys, reading, path), at: node.at }
  if (node.kind === 'list')
    return wrongValue(node, reading, { path, expected: '"provider/model", or a map with "use"' })
  const use = plainText(node, reading, path)
  return use === undefined ? undefined : { use, at: node.at }
}

const names = listOf(plainText)

export const modelKeys = {
  targets: key(listOf(target), 'list', 'Where it is served: `provider/model`, or a map (below).'),
  balance: key(balance, BALANCE_SHAPE, 'How one of several targets is picked.'),
  retries: key(retries, 'number or map', 'As under `routing.retries`.'),
  fallbacks: key(names, 'list', 'Models to try when this one fails.'),
  context_fallbacks: key(names, 'list', 'Models to try when the prompt is too long for this one.'),
  content_fallbacks: key(names, 'list', 'Models to try when this one refuses the content.'),
  hidden: key(flag, 'true or false', 'Served, but not listed.'),
} satisfies Keys

export interface ModelDraft extends Values<typeof modelKeys> {
  readonly at: Place
}

/** `provider/model`, a list of targets, or the route in full. */
export const model: Read<ModelDraft> = (node, reading, path) => {
  if (node.kind === 'map') return { ...readKeys(node, modelKeys, reading, path), at: node.at }
  if (isBlank(node)) return wrongValue(node, reading, { path, expected: '"provider/model", or a map with "targets"' })
  const targets = modelKeys.targets.read(node, reading, path)
  return targets === undefined ? undefined : { targets, at: node.at }
}
