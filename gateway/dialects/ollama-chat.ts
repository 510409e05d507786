import type { ChatRequest, Tool, ToolChoice } from '../contract/chat.ts'
import type { ChatDialect } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { Capability } from '../contract/provider.ts'
import { arrayOf, objectOf, stringOf, textOf } from '../kit/json-fields.ts'
import { invalid } from './invalid.ts'
import { checkOllamaMessages, checkOllamaTools } from './ollama-check-messages.ts'
import { ollamaErrorReply } from './ollama-error.ts'
import { chatShape } from './ollama-lines.ts'
import { readOllamaMessages } from './ollama-messages.ts'
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
import { checkModel } from './openai-parameters.ts'

/**
 * `POST /api/chat` (docs/api.md). A cut answer is not taken up by another target: the word that says who goes on is a
 * comment of server-sent events, for which this wire has no place.
 */
export const ollamaChat: ChatDialect = {
  id: 'ollama-chat',
  verbatimRoute: 'api/chat',
  idPrefix: '',
  error: ollamaErrorReply,
  inspect: inspectChat,
  parse: parseChat,
  writer: (context) => createOllamaWriter(context, chatShape),
  collector: (context) => createOllamaCollector(context, chatShape),
  passing: createOllamaPassing,
  readReply: readOllamaReply,
}

/** Keys of `/api/generate`, which this route does not know and Ollama passes over. */
const OF_GENERATE = ['prompt', 'suffix', 'system', 'template', 'raw', 'context', 'images']
const KNOWN: ReadonlySet<string> = new Set([...SETTING_KEYS, 'messages', 'tools', 'tool_choice', ...OF_GENERATE])

function inspectChat(body: JsonObject): ReturnType<ChatDialect['inspect']> {
  const failure =
    checkModel(body) ?? checkOllamaMessages(body['messages']) ?? checkOllamaTools(body['tools']) ?? checkSettings(body)
  if (failure !== undefined) return failure
  const messages = arrayOf(body['messages']).filter(isJsonObject)
  const needs: Capability[] = []
  if (arrayOf(body['tools']).length > 0 && body['tool_choice'] !== 'none') needs.push('tools')
  if (messages.some((message) => arrayOf(message['images']).length > 0)) needs.push('vision')
  return {
    model: stringOf(body['model']) ?? '',
    operation: 'chat',
    stream: body['stream'] !== false,
    needs,
    promptTokensEstimate: estimateOllamaTokens(messages, body['tools']),
    maxOutputTokens: maxPredicted(body),
  }
}

function parseChat(body: JsonObject): ChatRequest | Failure {
  const messages = readOllamaMessages(body['messages'])
  // Answered before any target is asked; here only where nobody did.
  if (messages.length === 0) return invalid('messages', '`messages` is empty. Send at least one message.')
  return {
    model: stringOf(body['model']) ?? '',
    messages,
    tools: readTools(body['tools']),
    toolChoice: readToolChoice(body['tool_choice']),
    parallelToolCalls: undefined,
    sampling: readOllamaSampling(body),
    format: readOllamaFormat(body['format']),
    reasoning: readThink(body),
    user: textOf(body['user']),
    prefill: undefined,
    ...readExtra(body, KNOWN),
  }
}

function readTools(tools: JsonValue | undefined): readonly Tool[] {
  return arrayOf(tools)
    .map((tool) => objectOf(objectOf(tool)?.['function']))
    .filter((definition) => definition !== undefined)
    .map((definition) => ({
      name: stringOf(definition['name']) ?? '',
      description: stringOf(definition['description']),
      parameters: objectOf(definition['parameters']),
      strict: undefined,
    }))
}

/** Ollama ignores it; where a client or a target's configuration says it all the same, other upstreams can keep to it. */
function readToolChoice(choice: JsonValue | undefined): ToolChoice | undefined {
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice
  const name = textOf(objectOf(objectOf(choice)?.['function'])?.['name'])
  return name === undefined ? undefined : { name }
}
