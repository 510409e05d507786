import { limits } from '../../contract/limits.ts'
import { type Keys, mapOf, type Read, readKeys, type Values } from '../reading.ts'
import { count, credential, flag, key, listOf, mapTo, oneOf, plainText, text } from '../readers.ts'
import { isBlank, type Place } from '../source-node.ts'
import { balance, BALANCE_SHAPE, model } from './model-keys.ts'
import { byKind, hostName, origin, retries, timeouts, treatmentKeys } from './treatment-keys.ts'

/** A reader of a map whose keys are in a table. */
function table<K extends Keys>(keys: K): Read<Values<K>> {
  return (node, reading, path) => {
    const map = mapOf(node, reading, path)
    return map === undefined ? undefined : readKeys(map, keys, reading, path)
  }
}

export const serverKeys = {
  port: key(count(0, 65_535), 'number', 'The port on 127.0.0.1 and [::1]. 4000 when absent.'),
  hosts: key(listOf(hostName), 'list', 'Host names that a reverse proxy in front of Spillway may send.'),
  origins: key(listOf(origin), 'list', 'Browser origins from which any key may be used.'),
  max_body_mb: key(count(1, 1_024), 'number', 'The largest request, in MiB.'),
} satisfies Keys

export const providerKeys = {
  kind: key(plainText, 'text', 'Which provider it is, such as `openai` or `vllm`; the name itself when absent.'),
  base_url: key(text, 'text', "Its address, up to the part that all its paths share; the provider's own when absent."),
  key: key(credential, 'text', "`os.environ/NAME` or `${NAME}`; the provider's usual variable when absent."),
  locality: key(
    oneOf('device', 'lan', 'cloud'),
    'device, lan or cloud',
    'Where it runs; told by the address when absent.',
  ),
  settings: key(
    mapTo(credential),
    'map',
    'What this kind of provider needs beyond address and key: `region`, `project`, `api_version`... (see its section).',
  ),
  unlisted_models: key(
    flag,
    'true or false',
    'Also serve models that are not under `models`, as `NAME/model`. True when absent.',
  ),
  ...treatmentKeys,
} satisfies Keys

export interface ProviderDraft extends Values<typeof providerKeys> {
  readonly at: Place
}

const provider: Read<ProviderDraft> = (node, reading, path) => {
  if (isBlank(node)) return { at: node.at }
  const map = mapOf(node, reading, path)
  return map === undefined ? undefined : { ...readKeys(map, providerKeys, reading, path), at: node.at }
}

export const cooldownKeys = {
  ms: key(count(0, 86_400_000), 'milliseconds', 'How long a target is left alone after failures.'),
  allowed_fails: key(count(0, 1_000_000), 'number', 'Failures per minute that are forgiven.'),
  allowed_fails_by_kind: key(byKind, 'map', 'The same per kind of failure.'),
  disabled: key(flag, 'true or false', 'Never leave a target alone.'),
} satisfies Keys

export const modelFallbackKeys = {
  fallbacks: key(listOf(plainText), 'list', 'Models to try when it fails.'),
  context_fallbacks: key(listOf(plainText), 'list', 'Models to try when the prompt is too long for it.'),
  content_fallbacks: key(listOf(plainText), 'list', 'Models to try when it refuses the content.'),
} satisfies Keys

export type ModelFallbacksDraft = Values<typeof modelFallbackKeys>

export const routingKeys = {
  balance: key(balance, BALANCE_SHAPE, 'How one of several targets is picked. `shuffle` when absent.'),
  retries: key(retries, 'number or map', 'Attempts beyond the first, or rules in full (below).'),
  cooldown: key(table(cooldownKeys), 'map', 'When a failing target is left alone.'),
  timeouts: key(timeouts, 'map', 'Timeouts of every target that states none.'),
  fallbacks: key(listOf(plainText), 'list', 'Models to try when a model without fallbacks of its own fails.'),
  model_fallbacks: key(
    mapTo(table(modelFallbackKeys)),
    'map',
    'Fallbacks of models that are not under `models`, by name.',
  ),
  max_fallbacks: key(count(0, 20), 'number', 'How many fallbacks one request may try.'),
  drop_params: key(flag, 'true or false', 'As under a provider, for all of them.'),
  pre_call_checks: key(flag, 'true or false', 'Skip targets whose context is known to be too small for the prompt.'),
  tag_filtering: key(flag, 'true or false', 'Use only targets whose tags the request asks for.'),
} satisfies Keys

export type RoutingDraft = Values<typeof routingKeys>

export const aliasKeys = {
  model: key(plainText, 'text', 'The model that is meant.'),
  hidden: key(flag, 'true or false', 'Served, but not listed.'),
} satisfies Keys

export interface AliasDraft extends Values<typeof aliasKeys> {
  readonly at: Place
}

const alias: Read<AliasDraft> = (node, reading, path) => {
  if (node.kind === 'map') return { ...readKeys(node, aliasKeys, reading, path), at: node.at }
  const name = plainText(node, reading, path)
  return name === undefined ? undefined : { model: name, at: node.at }
}

export const appKeys = {
  models: key(listOf(plainText), 'list', 'The models that its key may use, with `prefix/*` for many; all when absent.'),
  origins: key(listOf(origin), 'list', 'Browser origins from which its key may be used.'),
  rpm: key(count(1), 'number', 'Requests per minute.'),
  tpm: key(count(1), 'number', 'Tokens per minute.'),
  max_parallel: key(count(1), 'number', 'Requests at the same time.'),
} satisfies Keys

export const logKeys = {
  keep_days: key(count(1, 3_650), 'number', `Days that request rows are kept. ${limits.logKeepDays} when absent.`),
  max_mb: key(
    count(1, 1_048_576),
    'number',
    `Size of the log, in MiB, before the oldest rows go. ${limits.logMaxMb} when absent.`,
  ),
  responses: key(
    flag,
    'true or false',
    'Keep answers of the Responses API, with their conversation, for `previous_response_id`; a request can say `store: false`. True when absent.',
  ),
} satisfies Keys

/** The whole of `spillway.yaml`. */
export const fileKeys = {
  mode: key(
    oneOf('local-first', 'local-only', 'cloud-first', 'cloud-only'),
    'local-first, local-only, cloud-first or cloud-only',
    'What runs here first or only, or the other way round.',
  ),
  auth: key(oneOf('key', 'off'), 'key or off', '`off` lets every program on this machine in without a key.'),
  discovery: key(
    flag,
    'true or false',
    'Find the model runners on this machine and serve their models. True when absent.',
  ),
  keys: key(
    mapTo(credential),
    'map',
    'Keys that clients may use beside the created ones, by name: `NAME: os.environ/VARIABLE`.',
  ),
  server: key(table(serverKeys), 'map', 'The port that clients connect to.'),
  providers: key(mapTo(provider), 'map', 'Where models are served, by a name of your choice.'),
  models: key(mapTo(model), 'map', 'What clients ask for, by name: `provider/model`, or a map. Names may hold `*`.'),
  aliases: key(mapTo(alias), 'map', 'Other names for models: `NAME: model`, or a map.'),
  routing: key(table(routingKeys), 'map', 'What holds for every model that does not say otherwise.'),
  apps: key(mapTo(table(appKeys)), 'map', "Limits of an app, by its key's name."),
  logs: key(table(logKeys), 'map', 'The log of requests.'),
} satisfies Keys

/** A configuration as `spillway.yaml` states it, whatever format it was written in. */
export type Draft = Values<typeof fileKeys>
