import type { EmbeddingsReply } from '../contract/chat.ts'
import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonValue } from '../contract/json.ts'
import { isJsonArray, numberOf, objectOf, parseJson, stringOf } from '../kit/json-fields.ts'
import { readUpstreamError } from '../wire/upstream-error.ts'
import { badReply, failureInReply, type Upstream } from './upstream-failure.ts'

/** Reads the JSON reply of `/embeddings`: `data[].embedding` in the order of `index`. */
export function readEmbeddings(upstream: Upstream, body: string): EmbeddingsReply | Failure {
  const json = parseJson(body)
  const data = isJsonObject(json) ? json['data'] : undefined
  if (!isJsonObject(json) || !isJsonArray(data)) {
    return readUpstreamError(json) === undefined ? badReply(upstream, body) : failureInReply(upstream, json)
  }
  const rows = data.map(objectOf)
  const ordered = rows.toSorted((a, b) => (numberOf(a?.['index']) ?? 0) - (numberOf(b?.['index']) ?? 0))
  const vectors = ordered.map((row) => vectorOf(row?.['embedding']))
  if (vectors.includes(undefined)) return badReply(upstream, body)
  const usage = objectOf(json['usage'])
  return {
    model: stringOf(json['model']) ?? '',
    vectors: vectors.filter((vector) => vector !== undefined),
    inputTokens: numberOf(usage?.['prompt_tokens']) ?? numberOf(usage?.['total_tokens']),
  }
}

/** A list of numbers, or base64 of little-endian 32-bit floats from servers that ignore `encoding_format`. */
function vectorOf(value: JsonValue | undefined): readonly number[] | undefined {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'base64')
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => view.getFloat32(index * 4, true))
  }
  return isNumbers(value) ? value : undefined
}

/** True for a list of numbers. */
export function isNumbers(value: JsonValue | undefined): value is readonly number[] {
  return isJsonArray(value) && value.every((item) => typeof item === 'number')
}
