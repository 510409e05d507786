import type { ToolMessage } from '../contract/chat.ts'
import type { JsonObject } from '../contract/json.ts'
import { compact, parseObject } from '../kit/json-fields.ts'
import { geminiGeneration } from './gemini-generation.ts'
import { contentParts, idFor, type GeminiWriter } from './gemini-parts.ts'
import { calledName } from './openai-messages.ts'

/** A run of tool messages is written at its first one, in the order of the calls that they answer. */
export function resultParts(index: number, writer: GeminiWriter): readonly JsonObject[] {
  const { messages } = writer.chat
  if (messages[index - 1]?.role === 'tool') return []
  const next = messages.findIndex((other, at) => at > index && other.role !== 'tool')
  const run = messages.slice(index, next === -1 ? undefined : next).filter((other) => other.role === 'tool')
  const order = messages
    .slice(0, index)
    .flatMap((other) => (other.role === 'assistant' ? other.toolCalls.map(({ id }) => id) : []))
  const placed = run.map((result, position) => {
    // Ids may come again in later turns, so the last one counts. What answers no call goes last.
    const at = order.lastIndexOf(result.toolCallId)
    return { result, at: at === -1 ? order.length : at, position }
  })
  const sorted = placed.toSorted((a, b) => a.at - b.at)
  const written = sorted.map(({ result, position }) => resultPart(result, index + position, writer))
  return [...written.map(({ part }) => part), ...written.flatMap(({ beside }) => beside)]
}

/** Gemini 3 takes media inside of a result; for older models they stand beside it, in the same turn. */
function resultPart(
  message: ToolMessage,
  index: number,
  writer: GeminiWriter,
): { readonly part: JsonObject; readonly beside: readonly JsonObject[] } {
  const media = contentParts(
    message.content.filter((part) => part.type !== 'text'),
    index,
    writer,
  )
  const inside = geminiGeneration(writer.model) === '3' && media.every((part) => 'inlineData' in part)
  const functionResponse = compact({
    id: idFor(message.toolCallId),
    name: message.name ?? calledName(writer.chat.messages, message.toolCallId) ?? 'unknown_function',
    response: responseOf(message),
    parts: inside && media.length > 0 ? media : undefined,
  })
  return { part: { functionResponse }, beside: inside ? [] : media }
}

function responseOf(message: ToolMessage): JsonObject {
  const text = message.content
    .filter((part) => part.type === 'text')
    .map((part) => part.text)
    .join('\n')
  if (message.isError === true) return { error: text }
  return parseObject(text) ?? { result: text }
}
