import { isUtf8 } from 'node:buffer'
import type { JsonBody } from '../contract/call.ts'
import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonScan } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import { editTopLevel, scanJson } from '../kit/json-edit.ts'
import { jsonMistake } from './json-mistake.ts'

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** Reads a JSON body, once. The bytes are kept as they came; only the name of the model may be tidied in both. */
export function parseJsonBody(sent: Buffer): JsonBody | Failure {
  // Windows' editors put it before a file that curl then sends; RFC 8259 lets a reader ignore it.
  const raw = sent.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
    ? sent.subarray(BYTE_ORDER_MARK.length)
    : sent
  if (raw.length === 0) return invalid('The body is empty. Send a JSON object.', 'empty_body')
  if (!isUtf8(raw)) return invalid('The body is not valid UTF-8.', 'invalid_json')
  // Looked up in the bytes: 32 MB of `[` would take gigabytes once they are parsed.
  const scan = scanJson(raw)
  if (scan.tooDeep) return invalid(`The body nests deeper than ${limits.jsonDepth} levels.`, 'json_too_deep')
  const text = raw.toString()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return invalid(`The body is not valid JSON: ${jsonMistake(text)}.`, 'invalid_json')
  }
  if (!isJsonObject(value)) return invalid('The body must be a JSON object, such as {"model": ...}.', 'invalid_json')
  const bytes = unambiguous(raw, scan, value)
  return tidyModel(bytes === raw ? { kind: 'json', raw, json: value, scan } : { kind: 'json', raw: bytes, json: value })
}

/**
 * Of a repeated key the last one counts here, but the first one for other parsers: an upstream must not read another
 * model than the one that was allowed. So every occurrence gets the value that was read.
 */
function unambiguous(raw: Buffer, scan: JsonScan, json: JsonObject): Buffer {
  return scan.keys.length === Object.keys(json).length ? raw : editTopLevel(raw, json, scan)
}

/** The same request for the model that the path names, as Azure's clients and old OpenAI ones send it. */
export function withModel(body: JsonBody, model: string): JsonBody {
  if (body.json['model'] === model) return body
  const json: JsonObject = { ...body.json, model }
  return { kind: 'json', json, raw: editTopLevel(body.raw, { model }) }
}

/** Undefined when the name could be a model's. An empty one is for the dialect to refuse. */
export function modelNameProblem(name: string): Failure | undefined {
  if (name.length > limits.modelNameChars) {
    return {
      ...invalid(`'model' is longer than ${limits.modelNameChars} characters.`, 'invalid_model'),
      param: 'model',
    }
  }
  if (/\p{Cc}/u.test(name)) return { ...invalid("'model' holds control characters.", 'invalid_model'), param: 'model' }
  return undefined
}

/** Spaces around a name are a slip of copying; left in, the name would miss the list of allowed models. */
function tidyModel(body: JsonBody): JsonBody | Failure {
  const { model } = body.json
  if (typeof model !== 'string') return body
  const trimmed = model.trim()
  return modelNameProblem(trimmed) ?? withModel(body, trimmed)
}

function invalid(message: string, code: string): Failure {
  return { kind: 'invalid-request', status: 400, code, message }
}
