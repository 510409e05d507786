import type { ToolCall } from '../contract/chat.ts'
import { isJsonObject } from '../contract/json.ts'
import type { ToolCallDelta, ToolCallStart } from '../contract/stream-event.ts'
import { parseJson, type Draft } from '../kit/json-fields.ts'

/** Tool calls of one answer, put together: Ollama's clients take a call whole or not at all. */
export class OllamaToolCalls {
  readonly #calls = new Map<number, Draft<ToolCall>>()

  start({ index, id, name }: ToolCallStart): void {
    this.#calls.set(index, { id, name, argumentsJson: '' })
  }

  add({ index, argumentsJson }: ToolCallDelta): void {
    const call = this.#calls.get(index)
    if (call !== undefined) call.argumentsJson += argumentsJson
  }

  /** `tool_calls` as JSON text, in the order of their indexes, and nothing the next time; undefined when there are none. */
  take(): string | undefined {
    if (this.#calls.size === 0) return undefined
    const calls = [...this.#calls].sort(([a], [b]) => a - b).map(([, call], position) => writeCall(call, position))
    this.#calls.clear()
    return `[${calls.join(',')}]`
  }
}

function writeCall({ id, name, argumentsJson }: ToolCall, position: number): string {
  const names = `"index":${position},"name":${JSON.stringify(name)}`
  return `{"id":${JSON.stringify(id)},"function":{${names},"arguments":${argumentsObject(argumentsJson)}}}`
}

/**
 * Arguments are an object on this wire. The model's own text is kept, so that no large number loses digits; only line
 * ends between its tokens go, because they would end the NDJSON line. What is no object stands under `input`: the tool
 * then says what it misses, which a model understands better than a call that has vanished.
 */
export function argumentsObject(argumentsJson: string): string {
  const value = argumentsJson.trim() === '' ? null : parseJson(argumentsJson)
  if (value === null) return '{}'
  if (isJsonObject(value)) return argumentsJson.trim().replaceAll(/[\r\n]+/g, ' ')
  return JSON.stringify({ input: value ?? argumentsJson })
}
