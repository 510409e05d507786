import type {
  AssistantMessage,
  Message,
  Part,
  ReasoningPart,
  SystemMessage,
  ToolCall,
  ToolMessage,
} from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { arrayOf, booleanOf, isJsonArray, stringOf, textOf, without } from '../kit/json-fields.ts'
import { dropped, extraOf, readBlock, readContent } from './anthropic-parts.ts'
import { readThinking } from './anthropic-thinking.ts'

/**
 * `messages` that passed the checks, in the canonical form. An assistant message at the end is one that the model shall
 * continue; it stays where it is: older Claude models and most runners go on from it, newer Claude models refuse it, and
 * OpenAI's answer it.
 */
export function readHistory(messages: JsonValue | undefined, conversions: Conversion[]): Message[] {
  return arrayOf(messages).flatMap((message, index) => {
    if (!isJsonObject(message)) return []
    const path = `messages[${index}].content`
    if (message.role === 'assistant') return readAssistant(message.content, path, conversions)
    if (message.role === 'system') return readSystem(message.content, path, conversions)
    return readUser(message.content, path, conversions)
  })
}

/** An instruction: the `system` of the request, or one between the turns. Empty where it says nothing. */
export function readSystem(content: JsonValue | undefined, path: string, conversions: Conversion[]): SystemMessage[] {
  const parts = readContent(withoutBilling(content), { path, conversions })
  return parts.length === 0 ? [] : [{ role: 'system', as: 'system', content: parts, name: undefined }]
}

/** Claude Code's `x-anthropic-billing-header: ...`: it changes with every request, so no prefix cache would ever hit. */
const BILLING = /^x-anthropic-billing-header:[^\n]*\n?/

function withoutBilling(content: JsonValue | undefined): JsonValue | undefined {
  if (typeof content === 'string') return content.replace(BILLING, '')
  const [first, ...rest] = arrayOf(content)
  const text = isJsonObject(first) ? stringOf(first.text) : undefined
  if (!isJsonObject(first) || text === undefined || !BILLING.test(text)) return content
  const left = text.replace(BILLING, '')
  return left === '' ? rest : [{ ...first, text: left }, ...rest]
}

/** Results of tools come first, as messages of their own; what the user says beside them is a message behind them. */
function readUser(content: JsonValue | undefined, path: string, conversions: Conversion[]): Message[] {
  const results: ToolMessage[] = []
  const parts: Part[] = []
  if (!isJsonArray(content)) parts.push(...readContent(content, { path, conversions }))
  for (const [index, block] of arrayOf(content).entries()) {
    if (!isJsonObject(block)) continue
    const place = { path: `${path}[${index}]`, conversions }
    if (block.type === 'tool_result') results.push(readResult(block, `${place.path}.content`, conversions))
    else if (isHosted(block)) conversions.push(dropped(place.path, HOSTED, false))
    else parts.push(...readBlock(block, place))
  }
  if (parts.length === 0 && results.length > 0) return results
  return [...results, { role: 'user', content: parts, name: undefined }]
}

const RESULT_KEYS: ReadonlySet<string> = new Set(['type', 'tool_use_id', 'content', 'is_error'])

function readResult(block: JsonObject, path: string, conversions: Conversion[]): ToolMessage {
  const isError = booleanOf(block.is_error)
  return {
    role: 'tool',
    toolCallId: stringOf(block.tool_use_id) ?? '',
    content: readContent(block.content, { path, conversions }),
    name: undefined,
    ...(isError !== undefined && { isError }),
    ...extraOf(block, RESULT_KEYS),
  }
}

interface Turn {
  readonly content: Part[]
  readonly reasoning: ReasoningPart[]
  readonly toolCalls: ToolCall[]
}

/**
 * A message of the canonical form thinks, speaks and calls tools, in this order. Where Claude thought again after it
 * spoke, a second message keeps the thought in its place; wires with one message for each turn join them.
 */
function readAssistant(content: JsonValue | undefined, path: string, conversions: Conversion[]): AssistantMessage[] {
  const turns = [newTurn(isJsonArray(content) ? [] : readContent(content, { path, conversions }))]
  for (const [index, block] of arrayOf(content).entries()) {
    if (!isJsonObject(block)) continue
    let turn = turns.at(-1) ?? newTurn([])
    if (hasPlace(block) && turn.content.length > 0 && turn.toolCalls.length === 0) turns.push((turn = newTurn([])))
    readAssistantBlock(block, turn, { path: `${path}[${index}]`, conversions })
  }
  return withoutSilence(turns).map((turn) => ({
    role: 'assistant',
    ...turn,
    refusal: undefined,
    name: undefined,
    extra: {},
  }))
}

/** Only Anthropic wants its thoughts back where they were. */
function hasPlace(block: JsonObject): boolean {
  return isThinking(block) && readThinking(block).some(({ maker }) => maker === 'anthropic')
}

/** A thought at the very end, behind which nothing was said, is no message of its own. */
function withoutSilence(turns: readonly Turn[]): readonly Turn[] {
  const last = turns.at(-1)
  const before = turns.at(-2)
  if (last === undefined || before === undefined || last.content.length + last.toolCalls.length > 0) return turns
  before.reasoning.push(...last.reasoning)
  return turns.slice(0, -1)
}

function newTurn(content: Part[]): Turn {
  return { content, reasoning: [], toolCalls: [] }
}

function readAssistantBlock(block: JsonObject, turn: Turn, place: Parameters<typeof readBlock>[1]): void {
  if (isThinking(block)) turn.reasoning.push(...readThinking(block))
  else if (block.type === 'tool_use') turn.toolCalls.push(readCall(block))
  else if (block.type === 'compaction') turn.content.push(...readContent(block.content, place))
  else if (isHosted(block) || !SAID.has(block.type)) place.conversions.push(dropped(place.path, HOSTED, false))
  else turn.content.push(...readBlock(block, place))
}

/** What an assistant says that other models understand as well. */
const SAID: ReadonlySet<JsonValue | undefined> = new Set(['text', 'image', 'document'])
const HOSTED = 'is the record of a tool that ran at Anthropic, which no other model can read'

function isThinking({ type }: JsonObject): boolean {
  return type === 'thinking' || type === 'redacted_thinking'
}

/** `server_tool_use`, `mcp_tool_use`, and their results: `web_search_tool_result`, `mcp_tool_result`... */
function isHosted({ type }: JsonObject): boolean {
  const name = textOf(type) ?? ''
  return name === 'server_tool_use' || name === 'mcp_tool_use' || name.endsWith('_tool_result')
}

const CALL_KEYS: ReadonlySet<string> = new Set(['type', 'id', 'name', 'input'])

function readCall(block: JsonObject): ToolCall {
  const extra = without(block, CALL_KEYS)
  return {
    id: stringOf(block.id) ?? '',
    name: stringOf(block.name) ?? '',
    argumentsJson: JSON.stringify(block.input ?? {}),
    ...(Object.keys(extra).length > 0 && { extra }),
  }
}
