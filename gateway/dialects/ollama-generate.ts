import type { ChatRequest, CompletionRequest, Message } from '../contract/chat.ts'
import type { ChatDialect, CompletionsDialect } from '../contract/dialect.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { arrayOf, stringOf, textOf } from '../kit/json-fields.ts'
import { invalid } from './invalid.ts'
import { checkImages } from './ollama-check-messages.ts'
import { ollamaErrorReply } from './ollama-error.ts'
import { generateShape } from './ollama-lines.ts'
import { readOllamaContent } from './ollama-messages.ts'
import {
  checkSettings,
  maxPredicted,
  readExtra,
  readOllamaFormat,
  readOllamaSampling,
  readThink,
  SETTING_KEYS,
} from './ollama-parameters.ts'
import { createOllamaPassing } from './ollama-passing.ts'
import { readOllamaReply } from './ollama-reply.ts'
import { estimateOllamaTokens } from './ollama-tokens.ts'
import { createOllamaCollector, createOllamaWriter } from './ollama-writer.ts'
import { checkModel, isAbsent } from './openai-parameters.ts'

/**
 * What a body of `POST /api/generate` asks for. A prompt is put into the model's chat template, so it is a chat of one
 * message; only one that is `raw`, or that has a gap before a `suffix`, is text to be continued as it is.
 */
export function generateKind(body: JsonObject): 'chat' | 'completion' {
  return body['raw'] === true || textOf(body['suffix']) !== undefined ? 'completion' : 'chat'
}

const shared = {
  verbatimRoute: 'api/generate',
  idPrefix: '',
  error: ollamaErrorReply,
  writer: (context) => createOllamaWriter(context, generateShape),
  collector: (context) => createOllamaCollector(context, generateShape),
  passing: createOllamaPassing,
  readReply: readOllamaReply,
} satisfies Partial<ChatDialect>

/** `POST /api/generate` of a prompt for the model's template: `system`, `prompt` and `images` as a chat. */
export const ollamaGenerateChat: ChatDialect = {
  ...shared,
  id: 'ollama-generate-chat',
  inspect: (body) => inspect(body, 'chat'),
  parse: parseAsChat,
}

/** `POST /api/generate` of text to be continued, or filled in before its `suffix`. */
export const ollamaGenerateCompletion: CompletionsDialect = {
  ...shared,
  id: 'ollama-generate-completion',
  inspect: (body) => inspect(body, 'completions'),
  parse: parseAsCompletion,
}

const CHAT_KEYS: ReadonlySet<string> = new Set([
  ...SETTING_KEYS,
  'prompt',
  'suffix',
  'system',
  'images',
  'raw',
  'template',
  'context',
])
/** What the canonical completion has no place for stays as it is, for an upstream that is an Ollama itself. */
const COMPLETION_KEYS: ReadonlySet<string> = new Set([
  'prompt',
  'suffix',
  ...SETTING_KEYS.filter((key) => key !== 'format'),
])

function inspect(body: JsonObject, operation: 'chat' | 'completions'): ReturnType<ChatDialect['inspect']> {
  const failure = checkModel(body) ?? checkTexts(body) ?? checkImages(body['images'], 'images') ?? checkSettings(body)
  if (failure !== undefined) return failure
  const { model, prompt, suffix, system, images } = body
  return {
    model: stringOf(model) ?? '',
    operation,
    stream: body['stream'] !== false,
    needs: [
      ...(arrayOf(images).length > 0 ? (['vision'] as const) : []),
      ...(textOf(suffix) === undefined ? [] : (['insert'] as const)),
    ],
    promptTokensEstimate: estimateOllamaTokens([{ prompt, suffix, system, images }]),
    maxOutputTokens: maxPredicted(body),
  }
}

function checkTexts(body: JsonObject): Failure | undefined {
  for (const key of ['prompt', 'suffix', 'system', 'template']) {
    if (!isAbsent(body[key]) && typeof body[key] !== 'string') return invalid(key, `\`${key}\` must be a string.`)
  }
  if (!isAbsent(body['raw']) && typeof body['raw'] !== 'boolean') return invalid('raw', '`raw` must be true or false.')
  return undefined
}

function parseAsChat(body: JsonObject): ChatRequest | Failure {
  const content = readOllamaContent(body['prompt'], body['images'])
  if (content.length === 0) return invalid('prompt', '`prompt` is empty. Send the text to answer.')
  const system = textOf(body['system'])
  const user: Message = { role: 'user', content, name: undefined }
  const conversions = lostContext(body)
  return {
    model: stringOf(body['model']) ?? '',
    messages:
      system === undefined
        ? [user]
        : [{ role: 'system', as: 'system', content: [{ type: 'text', text: system }], name: undefined }, user],
    tools: [],
    toolChoice: undefined,
    parallelToolCalls: undefined,
    sampling: readOllamaSampling(body),
    format: readOllamaFormat(body['format']),
    reasoning: readThink(body),
    user: textOf(body['user']),
    prefill: undefined,
    ...readExtra(body, CHAT_KEYS),
    ...(conversions.length > 0 && { conversions }),
  }
}

/** What only the server that has the model itself could use; clients send both empty to say "none". */
function lostContext(body: JsonObject): readonly Conversion[] {
  const lost: Conversion[] = []
  if (arrayOf(body['context']).length > 0) {
    const why = 'holds tokens that only the server that made them can read; send the conversation to /api/chat'
    lost.push({ field: 'context', did: 'dropped', why, matters: true })
  }
  if (textOf(body['template']) !== undefined) {
    const why = "has no counterpart where a model's template is fixed; send `raw: true` with the whole prompt"
    lost.push({ field: 'template', did: 'dropped', why, matters: true })
  }
  return lost
}

function parseAsCompletion(body: JsonObject): CompletionRequest | Failure {
  return {
    model: stringOf(body['model']) ?? '',
    prompts: [stringOf(body['prompt']) ?? ''],
    suffix: textOf(body['suffix']),
    echo: false,
    sampling: readOllamaSampling(body),
    user: textOf(body['user']),
    prefill: undefined,
    ...readExtra(body, COMPLETION_KEYS),
  }
}
