import type { EmbeddingsReply, EmbeddingsRequest } from '../contract/chat.ts'
import type { EmbeddingsDialect, ReplyFacts } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { arrayOf, countOf, isJsonArray, numberOf, parseObject, stringOf, textOf } from '../kit/json-fields.ts'
import { invalid } from './invalid.ts'
import { ollamaErrorReply } from './ollama-error.ts'
import { readExtra } from './ollama-parameters.ts'
import { badReply, notJson } from './openai-bad-reply.ts'
import { checkModel, isAbsent } from './openai-parameters.ts'
import { readWireError } from './openai-wire-error.ts'
import { estimateTokens } from './token-estimate.ts'

/** `POST /api/embed`: one text or several. */
export const ollamaEmbed: EmbeddingsDialect = {
  id: 'ollama-embed',
  verbatimRoute: 'api/embed',
  error: ollamaErrorReply,
  inspect: (body) => inspect(body, 'input'),
  parse: (body) => parse(body, 'input'),
  write: ({ model, vectors, inputTokens }, request) => ({
    model: model === '' ? request.model : model,
    embeddings: vectors,
    prompt_eval_count: inputTokens ?? estimateTokens(...request.inputs),
  }),
  readReply: (body) => readReply(body, 'embeddings'),
}

/** `POST /api/embeddings`: one `prompt`, one vector; older clients know only this. */
export const ollamaEmbeddingsLegacy: EmbeddingsDialect = {
  id: 'ollama-embeddings-legacy',
  verbatimRoute: 'api/embeddings',
  error: ollamaErrorReply,
  inspect: (body) => inspect(body, 'prompt'),
  parse: (body) => parse(body, 'prompt'),
  write: ({ vectors }: EmbeddingsReply) => ({ embedding: vectors[0] ?? [] }),
  readReply: (body) => readReply(body, 'embedding'),
}

/** The field that holds the text: it tells the two routes apart. */
type Field = 'input' | 'prompt'

const KNOWN: ReadonlySet<string> = new Set(['model', 'input', 'prompt', 'dimensions', 'user'])

function inspect(body: JsonObject, field: Field): ReturnType<EmbeddingsDialect['inspect']> {
  const failure = checkModel(body) ?? checkText(body[field], field) ?? checkDimensions(body['dimensions'])
  if (failure !== undefined) return failure
  return {
    model: stringOf(body['model']) ?? '',
    operation: 'embeddings',
    stream: false,
    needs: ['embedding'],
    promptTokensEstimate: estimateTokens(body[field]),
    maxOutputTokens: undefined,
  }
}

function checkText(value: JsonValue | undefined, field: Field): Failure | undefined {
  const forms = field === 'input' ? 'a string or an array of strings' : 'a string'
  const isList = field === 'input' && isJsonArray(value) && value.every((item) => typeof item === 'string')
  if (isAbsent(value) || (isJsonArray(value) && value.length === 0)) {
    return invalid(field, `\`${field}\` is missing. Send ${forms}.`)
  }
  return typeof value === 'string' || isList ? undefined : invalid(field, `\`${field}\` must be ${forms}.`)
}

function checkDimensions(value: JsonValue | undefined): Failure | undefined {
  if (isAbsent(value) || (typeof value === 'number' && Number.isInteger(value) && value > 0)) return undefined
  return invalid('dimensions', '`dimensions` must be a whole number of at least 1.')
}

function parse(body: JsonObject, field: Field): EmbeddingsRequest {
  const value = body[field]
  return {
    model: stringOf(body['model']) ?? '',
    inputs: typeof value === 'string' ? [value] : arrayOf(value).filter((item) => typeof item === 'string'),
    dimensions: numberOf(body['dimensions']),
    encoding: 'float',
    user: textOf(body['user']),
    ...readExtra(body, KNOWN),
  }
}

/** Model and usage of a verbatim reply. */
function readReply(body: string, field: 'embedding' | 'embeddings'): ReplyFacts | Failure {
  const json = parseObject(body)
  if (json === undefined) return notJson(body)
  const failure = readWireError(json)
  if (failure !== undefined) return failure
  if (!isJsonArray(json[field])) return badReply('The upstream answered without any embedding.')
  const model = textOf(json['model'])
  const input = countOf(json['prompt_eval_count'])
  return {
    ...(model !== undefined && { model }),
    ...(input !== undefined && { usage: { input, output: 0 } }),
  }
}
