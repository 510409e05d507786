import { fileKeys } from '../native/file-keys.ts'
import { type Keys, mapOf, type Read, TOP_LEVEL } from '../reading.ts'
import { count, credential, flag, headers, json, key, listOf, mapTo, number, plainText, text } from '../readers.ts'
import { type MapNode, type SourceNode } from '../source-node.ts'
import { fallbackLists, seconds, timeout } from './lenient-readers.ts'
import { policy } from './policies.ts'
import type { Section } from './settings-map.ts'
import {
  unsupportedGeneralSettings,
  unsupportedLitellmSettings,
  unsupportedModelInfo,
  unsupportedParams,
  unsupportedRouterSettings,
  unsupportedTopLevel,
} from './unsupported.ts'

const names = listOf(plainText)
const map: Read<MapNode> = mapOf
const anything: Read<SourceNode> = (node) => node
/** These tables document LiteLLM's file for the reader of the code; users have LiteLLM's own pages. */
const row = <T>(read: Read<T>) => key(read, '', '')

const fallbackKeys = {
  fallbacks: row(fallbackLists),
  context_window_fallbacks: row(fallbackLists),
  content_policy_fallbacks: row(fallbackLists),
  default_fallbacks: row(names),
  max_fallbacks: row(count(0, 20)),
  num_retries: row(count(0, 20)),
  allowed_fails: row(count(0, 1_000_000)),
} satisfies Keys

export const topLevel = {
  path: TOP_LEVEL,
  keys: {
    model_list: row(anything),
    litellm_settings: row(map),
    router_settings: row(map),
    general_settings: row(map),
    environment_variables: row(map),
    credential_list: row(anything),
    include: row(anything),
  },
  unsupported: unsupportedTopLevel,
} satisfies Section<Keys>

export const litellmParams = {
  path: 'litellm_params',
  keys: {
    model: row(plainText),
    custom_llm_provider: row(plainText),
    api_key: row(credential),
    api_base: row(text),
    base_url: row(text),
    organization: row(names),
    rpm: row(count(1)),
    tpm: row(count(1)),
    weight: row(number(0, 1_000_000)),
    order: row(count(0, 999)),
    max_parallel_requests: row(count(1)),
    timeout: row(timeout),
    stream_timeout: row(timeout),
    num_retries: row(count(0, 20)),
    max_retries: row(count(0, 20)),
    cooldown_time: row(seconds(0)),
    tags: row(names),
    drop_params: row(anything),
    additional_drop_params: row(names),
    allowed_openai_params: row(names),
    extra_headers: row(headers),
    headers: row(headers),
    extra_body: row(json),
    merge_reasoning_content_in_choices: row(flag),
    litellm_credential_name: row(plainText),
    input_cost_per_token: row(number(0, 1)),
    output_cost_per_token: row(number(0, 1)),
  },
  unsupported: unsupportedParams,
} satisfies Section<Keys>

export const modelInfo = {
  path: 'model_info',
  keys: {
    id: row(plainText),
    mode: row(plainText),
    max_input_tokens: row(count(1)),
    cooldown_time: row(seconds(0)),
    input_cost_per_token: row(number(0, 1)),
    output_cost_per_token: row(number(0, 1)),
    supports_vision: row(flag),
    supports_function_calling: row(flag),
    supports_reasoning: row(flag),
    supports_audio_input: row(flag),
  },
  unsupported: unsupportedModelInfo,
} satisfies Section<Keys>

export const litellmSettings = {
  path: 'litellm_settings',
  keys: { drop_params: row(flag), request_timeout: row(timeout), ...fallbackKeys },
  unsupported: unsupportedLitellmSettings,
} satisfies Section<Keys>

export const routerSettings = {
  path: 'router_settings',
  keys: {
    routing_strategy: row(text),
    timeout: row(timeout),
    stream_timeout: row(timeout),
    retry_after: row(seconds(0)),
    allowed_fails_policy: row(policy('AllowedFails', 1_000_000)),
    cooldown_time: row(seconds(0)),
    disable_cooldowns: row(flag),
    retry_policy: row(policy('Retries', 20)),
    model_group_retry_policy: row(mapTo(policy('Retries', 20))),
    enable_pre_call_checks: row(flag),
    enable_tag_filtering: row(flag),
    model_group_alias: row(map),
    default_litellm_params: row(map),
    default_max_parallel_requests: row(count(1)),
    ...fallbackKeys,
  },
  unsupported: unsupportedRouterSettings,
} satisfies Section<Keys>

export const generalSettings = {
  path: 'general_settings',
  keys: { master_key: row(credential), max_request_size_mb: row(number(0.001, 1_024)) },
  unsupported: unsupportedGeneralSettings,
} satisfies Section<Keys>

/** True for LiteLLM's file: it has a `model_list`, or other keys of LiteLLM's and none of `spillway.yaml`. */
export function isLitellm(root: MapNode): boolean {
  const present = root.entries.map(({ name }) => name)
  if (present.includes('model_list')) return true
  return present.some((name) => isKnownIn(topLevel, name)) && !present.some((name) => Object.hasOwn(fileKeys, name))
}

/** The section that knows a key, for one that stands in another. */
export function litellmHome(name: string, path: string): string | undefined {
  const sections: readonly Section<Keys>[] = [generalSettings, litellmSettings, routerSettings]
  return sections.find((section) => section.path !== path && isKnownIn(section, name))?.path
}

/** True for a key that the section reads or refuses with a reason: one that LiteLLM would know there. */
export function isKnownIn(section: Section<Keys>, name: string): boolean {
  return Object.hasOwn(section.keys, name) || Object.hasOwn(section.unsupported, name)
}
