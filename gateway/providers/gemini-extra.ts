import type { ChatRequest } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject } from '../contract/json.ts'
import { compact, objectOf } from '../kit/json-fields.ts'
import { ignored } from './conversions.ts'

/** Google's own keys of a request, in both of its spellings, and where they belong. */
const BODY_KEYS: Readonly<Record<string, string>> = {
  safety_settings: 'safetySettings',
  cached_content: 'cachedContent',
  labels: 'labels',
}
const CONFIG_KEYS: Readonly<Record<string, string>> = {
  response_modalities: 'responseModalities',
  media_resolution: 'mediaResolution',
  speech_config: 'speechConfig',
  thinking_config: 'thinkingConfig',
  image_config: 'imageConfig',
  audio_timestamp: 'audioTimestamp',
  enable_enhanced_civic_answers: 'enableEnhancedCivicAnswers',
}
const TOOL_CONFIG = ['tool_config', 'toolConfig']
const GENERATION_CONFIG = ['generation_config', 'generationConfig']
/** Read elsewhere: these are no loss. */
const READ_ELSEWHERE = ['modalities', 'web_search_options', 'google', 'extra_body']

/** What of a client's unknown keys is Google's. */
export interface GeminiExtra {
  readonly body: JsonObject
  readonly generationConfig: JsonObject
  readonly toolConfig: JsonObject
}

/**
 * Google's own keys among a client's unknown ones, at the top level or where Google's OpenAI-compatible API has them
 * (`google`, `extra_body.google`). What is left has no counterpart, and is said so.
 */
export function geminiExtra(
  chat: ChatRequest,
  {
    configured,
    conversions,
  }: {
    /** What the target's configuration sends on purpose goes as it is. */
    readonly configured: ReadonlySet<string>
    readonly conversions: Conversion[]
  },
): GeminiExtra {
  const nested = objectOf(chat.extra['google']) ?? objectOf(objectOf(chat.extra['extra_body'])?.['google'])
  const extra: JsonObject = { ...chat.extra, ...nested }
  for (const key of Object.keys(extra)) {
    if (KNOWN.has(key) || configured.has(key) || extra[key] === null || extra[key] === undefined) continue
    conversions.push(ignored(key, 'has no counterpart at Google'))
  }
  if (chat.user !== undefined) {
    conversions.push(ignored('user', 'has no counterpart at Google'))
  }
  return {
    body: { ...only(extra, configured), ...picked(extra, BODY_KEYS) },
    generationConfig: { ...picked(extra, CONFIG_KEYS), ...merged(extra, GENERATION_CONFIG) },
    toolConfig: merged(extra, TOOL_CONFIG),
  }
}

const KNOWN: ReadonlySet<string> = new Set([
  ...[BODY_KEYS, CONFIG_KEYS].flatMap((table) => [...Object.keys(table), ...Object.values(table)]),
  ...TOOL_CONFIG,
  ...GENERATION_CONFIG,
  ...READ_ELSEWHERE,
])

function picked(extra: JsonObject, table: Readonly<Record<string, string>>): JsonObject {
  return compact(
    Object.fromEntries(Object.entries(table).map(([snake, camel]) => [camel, extra[camel] ?? extra[snake]])),
  )
}

function only(extra: JsonObject, keys: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(extra).filter(([key]) => keys.has(key) && !KNOWN.has(key)))
}

function merged(extra: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.flatMap((key) => Object.entries(objectOf(extra[key]) ?? {})))
}
