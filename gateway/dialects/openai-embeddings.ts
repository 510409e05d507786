import type { EmbeddingsReply, EmbeddingsRequest } from '../contract/chat.ts'
import type { EmbeddingsDialect, ReplyFacts } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { invalid } from './invalid.ts'
import { arrayOf, numberOf, stringOf, textOf, isJsonArray, parseObject, without } from '../kit/json-fields.ts'
import { badReply, notJson } from './openai-bad-reply.ts'
import { openaiErrorReply } from './openai-error.ts'
import { checkModel, isAbsent } from './openai-parameters.ts'
import { readFacts } from './openai-reply.ts'
import { readUsage } from '../wire/openai-usage.ts'
import { readWireError } from './openai-wire-error.ts'
import { estimateTokens } from './token-estimate.ts'

/** `POST /v1/embeddings`. */
export const openaiEmbeddings: EmbeddingsDialect = {
  id: 'openai-embeddings',
  verbatimRoute: 'embeddings',
  error: openaiErrorReply,
  inspect: inspectEmbeddings,
  parse: parseEmbeddings,
  write: writeEmbeddings,
  readReply: readEmbeddingsReply,
}

const KNOWN: ReadonlySet<string> = new Set(['model', 'input', 'dimensions', 'encoding_format', 'user'])
const INPUT_FORMS = 'Send a string, an array of strings, an array of token ids, or an array of such arrays.'
/** Replies up to here are parsed whole; beyond it only what surrounds the vectors is read. */
const SMALL_REPLY_CHARS = 4_096

function inspectEmbeddings(body: JsonObject): ReturnType<EmbeddingsDialect['inspect']> {
  const failure = checkModel(body) ?? checkInput(body.input) ?? checkOptions(body)
  if (failure !== undefined) return failure
  return {
    model: stringOf(body.model) ?? '',
    operation: 'embeddings',
    stream: false,
    needs: ['embedding'],
    promptTokensEstimate: estimateTokens(body.input),
    maxOutputTokens: undefined,
  }
}

function checkInput(input: JsonValue | undefined): Failure | undefined {
  if (isAbsent(input)) return invalid('input', `\`input\` is missing. ${INPUT_FORMS}`)
  if (isJsonArray(input) && input.length === 0) return invalid('input', `\`input\` is empty. ${INPUT_FORMS}`)
  return readInputs(input) === undefined ? invalid('input', `\`input\` is not understood. ${INPUT_FORMS}`) : undefined
}

function checkOptions(body: JsonObject): Failure | undefined {
  const { dimensions, encoding_format: encoding } = body
  if (!isAbsent(dimensions) && !(typeof dimensions === 'number' && Number.isInteger(dimensions) && dimensions > 0)) {
    return invalid('dimensions', '`dimensions` must be a whole number of at least 1.')
  }
  if (!isAbsent(encoding) && encoding !== 'float' && encoding !== 'base64') {
    return invalid('encoding_format', '`encoding_format` must be "float" or "base64".')
  }
  return undefined
}

function parseEmbeddings(body: JsonObject): EmbeddingsRequest | Failure {
  const inputs = readInputs(body.input)
  if (inputs === undefined) return invalid('input', `\`input\` is not understood. ${INPUT_FORMS}`)
  return {
    model: stringOf(body.model) ?? '',
    inputs,
    dimensions: numberOf(body.dimensions),
    encoding: body.encoding_format === 'base64' ? 'base64' : 'float',
    user: textOf(body.user),
    extra: without(body, KNOWN),
  }
}

function readInputs(input: JsonValue | undefined): EmbeddingsRequest['inputs'] | undefined {
  if (typeof input === 'string') return [input]
  const items = arrayOf(input)
  if (items.length === 0) return undefined
  const texts = items.filter((item) => typeof item === 'string')
  if (texts.length === items.length) return texts
  const tokens = readTokens(items)
  if (tokens !== undefined) return [tokens]
  const lists = items
    .map((item) => (isJsonArray(item) ? readTokens(item) : undefined))
    .filter((list) => list !== undefined)
  return lists.length === items.length ? lists : undefined
}

function readTokens(items: readonly JsonValue[]): number[] | undefined {
  const tokens = items.filter((item) => typeof item === 'number')
  return tokens.length === items.length ? tokens : undefined
}

function writeEmbeddings(reply: EmbeddingsReply, request: EmbeddingsRequest): JsonObject {
  const tokens = reply.inputTokens ?? estimateTokens(...request.inputs)
  return {
    object: 'list',
    data: reply.vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: request.encoding === 'base64' ? toBase64(vector) : vector,
    })),
    model: reply.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}

/** Little-endian 32 bit floats, on every machine. */
function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(vector.length * 4)
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4))
  return bytes.toString('base64')
}

/**
 * Model and usage of a verbatim reply. A large one is thousands of numbers between two small objects, and holds no
 * text that could imitate a key, so only its ends are read.
 */
function readEmbeddingsReply(body: string): ReplyFacts | Failure {
  if (body.length > SMALL_REPLY_CHARS && looksWhole(body)) return readEnds(body)
  const json = parseObject(body)
  if (json === undefined) return notJson(body)
  const failure = readWireError(json)
  if (failure !== undefined) return failure
  if (isJsonArray(json.data)) return readFacts(json)
  return badReply('The upstream answered without any embedding.')
}

function looksWhole(body: string): boolean {
  return (
    body.startsWith('{') && body.trimEnd().endsWith('}') && !body.includes('"error"') && body.includes('"embedding"')
  )
}

function readEnds(body: string): ReplyFacts {
  const ends = body.slice(0, SMALL_REPLY_CHARS / 2) + body.slice(-SMALL_REPLY_CHARS / 2)
  const model = /"model"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(ends)?.[1]
  const counts = parseObject(/"usage"\s*:\s*(\{[^{}]*\})/.exec(ends)?.[1] ?? '')
  const usage = counts && readUsage(counts)
  return {
    ...(model === undefined ? {} : { model: String(JSON.parse(model)) }),
    ...(usage === undefined ? {} : { usage }),
  }
}
