import { isJsonObject, type JsonObject, type JsonValue } from '../../contract/json.ts'

/** What an answer of Bedrock says, in terms that no reader of ours shares. */
export interface Meaning {
  readonly text: string
  readonly reasoning: string
  readonly signatures: readonly string[]
  readonly redacted: readonly string[]
  readonly citations: number
  readonly tools: readonly { readonly id: string | undefined; readonly name: string; readonly arguments: JsonValue }[]
  readonly stop: string | undefined
  readonly usage: { readonly input: number; readonly output: number } | undefined
  readonly error: string | undefined
}

/** An answer that says nothing. */
export const NOTHING: Meaning = {
  text: '',
  reasoning: '',
  signatures: [],
  redacted: [],
  citations: 0,
  tools: [],
  stop: undefined,
  usage: undefined,
  error: undefined,
}

/** A naive reading of what `invoke` gave: all texts, all calls, the last counts. */
export function ofNative(parts: readonly JsonObject[], headers: Record<string, string>): Meaning {
  const text = parts.flatMap(nativeTexts).join('')
  const stop = parts.map(nativeStop).findLast((said) => said !== undefined)
  return { ...NOTHING, text, tools: nativeTools(parts), stop, usage: nativeUsage(parts, headers) }
}

function nativeTexts(json: JsonObject): readonly string[] {
  const content = [...list(json['content']), ...list(fieldOf(json, 'output', 'message', 'content'))]
  return [
    fieldOf(json, 'delta', 'text'),
    fieldOf(json, 'contentBlockDelta', 'delta', 'text'),
    json['generation'],
    json['outputText'],
    json['completion'],
    json['text'],
    fieldOf(list(json['results'])[0], 'outputText'),
    fieldOf(list(json['outputs'])[0], 'text'),
    fieldOf(list(json['generations'])[0], 'text'),
    fieldOf(list(json['choices'])[0], 'text'),
    fieldOf(list(json['choices'])[0], 'message', 'content'),
    fieldOf(list(json['choices'])[0], 'delta', 'content'),
    ...content.map((block) => fieldOf(block, 'text')),
  ].filter((value) => typeof value === 'string')
}

function nativeStop(json: JsonObject): string | undefined {
  const found = [
    json['stop_reason'],
    json['stopReason'],
    json['finish_reason'],
    json['completionReason'],
    fieldOf(json, 'delta', 'stop_reason'),
    fieldOf(json, 'messageStop', 'stopReason'),
    fieldOf(list(json['results'])[0], 'completionReason'),
    fieldOf(list(json['outputs'])[0], 'stop_reason'),
    fieldOf(list(json['generations'])[0], 'finish_reason'),
    fieldOf(list(json['choices'])[0], 'finish_reason'),
  ].find((value) => typeof value === 'string')
  return typeof found === 'string' ? found : undefined
}

function nativeTools(parts: readonly JsonObject[]): Meaning['tools'] {
  const calls = new Map<string, { id: string; name: string; json: string }>()
  for (const json of parts) {
    const index = JSON.stringify(json['index'] ?? fieldOf(json, 'contentBlockStart', 'contentBlockIndex') ?? null)
    const started = fieldOf(json, 'content_block', 'id') === undefined ? undefined : json['content_block']
    if (started !== undefined)
      calls.set(index, { id: word(fieldOf(started, 'id')), name: word(fieldOf(started, 'name')), json: '' })
    const call = calls.get(index)
    if (call !== undefined) call.json += word(fieldOf(json, 'delta', 'partial_json'))
    for (const block of [...list(json['content']), ...list(fieldOf(json, 'output', 'message', 'content'))]) {
      const use = fieldOf(block, 'toolUse') ?? (fieldOf(block, 'type') === 'tool_use' ? block : undefined)
      const id = word(fieldOf(use, 'toolUseId') ?? fieldOf(use, 'id'))
      if (use !== undefined)
        calls.set(id, { id, name: word(fieldOf(use, 'name')), json: JSON.stringify(fieldOf(use, 'input')) })
    }
  }
  return [...calls.values()].map(({ id, name, json }) => ({ id, name, arguments: JSON.parse(json || '{}') }))
}

function nativeUsage(parts: readonly JsonObject[], headers: Record<string, string>): Meaning['usage'] {
  const header = (name: string): number => Number(headers[`x-amzn-bedrock-${name}-token-count`] ?? 0)
  if (headers['x-amzn-bedrock-output-token-count'] !== undefined) {
    return {
      input: header('input') + header('cache-read-input') + header('cache-write-input'),
      output: header('output'),
    }
  }
  const claude = parts.findLast((json) => fieldOf(json, 'usage', 'output_tokens') !== undefined)
  const metrics = parts.findLast((json) => json['amazon-bedrock-invocationMetrics'] !== undefined)
  const input = Number(fieldOf(metrics, 'amazon-bedrock-invocationMetrics', 'inputTokenCount'))
  const output =
    fieldOf(claude, 'usage', 'output_tokens') ??
    fieldOf(metrics, 'amazon-bedrock-invocationMetrics', 'outputTokenCount')
  return metrics === undefined ? undefined : { input, output: Number(output) }
}

function fieldOf(value: JsonValue | undefined, ...path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((found, key) => (isJsonObject(found) ? found[key] : undefined), value)
}
function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : []
}
function word(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
/** The object in a text; an empty one for anything else. */
export function parseBody(text: string): JsonObject {
  const value: unknown = JSON.parse(text)
  return isJsonObject(value) ? value : {}
}
