import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { arrayOf, parseJson, textOf } from '../kit/json-fields.ts'

/** A tool call that stood in a model's text. */
export interface WrittenCall {
  readonly name: string
  readonly argumentsJson: string
}

/**
 * The calls that a text consists of; undefined where it is not made of calls alone. Models are trained on a handful of
 * forms, and a runner that does not know the one of its model hands it on as text.
 */
export function readWrittenCalls(text: string): readonly WrittenCall[] | undefined {
  const trimmed = text.trim()
  for (const read of FORMS) {
    const calls = read(trimmed)
    if (calls !== undefined && calls.length > 0) return calls
  }
  return undefined
}

type Form = (text: string) => readonly WrittenCall[] | undefined

const FORMS: readonly Form[] = [hermes, functionTags, mistral, deepSeek, pythonTag, plainJson]

/** Hermes and Qwen: `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`, several in a row. */
function hermes(text: string): readonly WrittenCall[] | undefined {
  if (!text.startsWith('<tool_call>')) return undefined
  const pieces = text.split(/<tool_call>|<\/tool_call>/).filter((piece) => piece.trim() !== '')
  return every(pieces, (piece) => functionTags(piece.trim()) ?? plainJson(piece))
}

/** Llama 3.1: `<function=NAME>{...}</function>`; Qwen 3 Coder puts `<parameter=NAME>value</parameter>` inside. */
function functionTags(text: string): readonly WrittenCall[] | undefined {
  if (!text.startsWith('<function=')) return undefined
  const calls: WrittenCall[] = []
  let rest = text
  while (rest !== '') {
    const match = /^<function=([^>\s]{1,128})>([\s\S]*?)(?:<\/function>|$)\s*/.exec(rest)
    if (match === null) return undefined
    const call = taggedCall(match[1] ?? '', (match[2] ?? '').trim())
    if (call === undefined) return undefined
    calls.push(call)
    rest = rest.slice(match[0].length)
  }
  return calls
}

function taggedCall(name: string, inner: string): WrittenCall | undefined {
  if (!inner.startsWith('<parameter=')) return callOf(name, inner === '' ? {} : parseJson(inner))
  const values: Record<string, JsonValue> = {}
  for (const match of inner.matchAll(/<parameter=([^>\s]{1,128})>\n?([\s\S]*?)\n?<\/parameter>/g)) {
    const value = match[2] ?? ''
    // Numbers, booleans, lists and objects are written bare; a string is no JSON and stays as it is.
    values[match[1] ?? ''] = parseJson(value) ?? value
  }
  return callOf(name, values)
}

/** Mistral: `[TOOL_CALLS] [{"name": ..., "arguments": {...}}]`, in newer models `[TOOL_CALLS]NAME[ARGS]{...}`. */
function mistral(text: string): readonly WrittenCall[] | undefined {
  if (!text.startsWith('[TOOL_CALLS]')) return undefined
  const pieces = text.split('[TOOL_CALLS]').filter((piece) => piece.trim() !== '')
  return every(pieces, (piece) => {
    const named = /^\s*([\w.-]{1,128})\s*(?:\[ARGS\])?\s*(\{[\s\S]*\})\s*$/.exec(piece)
    if (named === null) return plainJson(piece)
    const call = callOf(named[1] ?? '', parseJson(named[2] ?? ''))
    return call && [call]
  })
}

/** DeepSeek: its special tokens around a name and a fenced object. */
function deepSeek(text: string): readonly WrittenCall[] | undefined {
  if (!text.startsWith('<｜tool▁calls▁begin｜>')) return undefined
  const pieces = text
    .split(/<｜tool▁calls▁(?:begin|end)｜>|<｜tool▁call▁(?:begin|end)｜>/)
    .filter((piece) => piece.trim() !== '')
  return every(pieces, (piece) => {
    const match = /^(?:function)?<｜tool▁sep｜>([\w.-]{1,128})\s*(?:```json)?\s*(\{[\s\S]*\})\s*(?:```)?\s*$/.exec(
      piece.trim(),
    )
    const call = match === null ? undefined : callOf(match[1] ?? '', parseJson(match[2] ?? ''))
    return call && [call]
  })
}

/** Llama 3: `<|python_tag|>{"name": ..., "parameters": {...}}`, several divided by semicolons. */
function pythonTag(text: string): readonly WrittenCall[] | undefined {
  if (!text.startsWith('<|python_tag|>')) return undefined
  return plainJson(text.slice('<|python_tag|>'.length).replace(/<\|eo[mt]_id\|>$/, ''))
}

/** One object or a list of them, perhaps in a fence. */
function plainJson(text: string): readonly WrittenCall[] | undefined {
  const bare = text
    .trim()
    .replace(/^```(?:json|tool_call)?\s*/, '')
    .replace(/\s*```$/, '')
  const json = parseJson(bare) ?? parseJson(`[${bare.replaceAll(/\}\s*;\s*\{/g, '},{')}]`)
  if (json === undefined) return undefined
  const items = isJsonObject(json) ? [json] : arrayOf(json)
  return every(items, (item) => {
    const call = isJsonObject(item) ? describedCall(item) : undefined
    return call && [call]
  })
}

/** `{"name", "arguments" | "parameters"}`, also inside `function`, as OpenAI's wire has it. */
function describedCall(object: JsonObject): WrittenCall | undefined {
  const inner = isJsonObject(object['function']) ? object['function'] : object
  const name = textOf(inner['name'])
  const given = inner['arguments'] ?? inner['parameters']
  return name === undefined || given === undefined ? undefined : callOf(name, given)
}

function callOf(name: string, given: JsonValue | undefined): WrittenCall | undefined {
  const value = typeof given === 'string' ? parseJson(given) : given
  return isJsonObject(value) ? { name, argumentsJson: JSON.stringify(value) } : undefined
}

function every<Item>(
  items: readonly Item[],
  read: (item: Item) => readonly WrittenCall[] | undefined,
): readonly WrittenCall[] | undefined {
  const calls: WrittenCall[] = []
  for (const item of items) {
    const found = read(item)
    if (found === undefined) return undefined
    calls.push(...found)
  }
  return calls
}
