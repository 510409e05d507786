import type { JsonBody, MultipartBody, Work } from '../contract/call.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { VerbatimRoute } from '../contract/provider.ts'
import type { RequestFacts } from '../contract/route.ts'
import { modelNameProblem, parseJsonBody, withModel } from './json-body.ts'
import { readForm, withModelField, type FormFacts } from './multipart.ts'
import type { HotAction } from './operations.ts'
import type { RouteDialect, ServerDeps } from './server-deps.ts'

/** What a body asks for, before it is known who may ask and where it goes. */
export interface ReadRequest {
  readonly work: Work
  readonly facts: Omit<RequestFacts, 'controls' | 'tags'>
  /** The fields that may steer the request; empty for a form. */
  readonly fields: JsonObject
}

export interface WorkSource {
  readonly action: HotAction
  readonly raw: Buffer
  readonly contentType: string
  readonly isForm: boolean
  /** The model that the path names; undefined when the body has to. */
  readonly pathModel: string | undefined
}

/** Turns a body into work for the engine, or says what is wrong with it. */
export function readWork(source: WorkSource, dialects: ServerDeps['dialects']): ReadRequest | Failure {
  if (source.isForm) return readFormWork(source, dialects)
  const body = readJson(source)
  if (isFailure(body)) return body
  const entry = dialects.byRoute[source.action.operation]
  return entry === undefined ? readPassthrough(source.action.operation, body, dialects) : readEntry(entry, body)
}

function readEntry(entry: RouteDialect, body: JsonBody): ReadRequest | Failure {
  if (entry.operation === 'either') return readEntry(entry.of(body.json), body)
  const facts = entry.dialect.inspect(body.json)
  return isFailure(facts) ? facts : { work: { ...entry, body }, facts, fields: body.json }
}

function readJson({ raw, pathModel, action }: WorkSource): JsonBody | Failure {
  const body = parseJsonBody(raw)
  if (isFailure(body)) return body
  if (pathModel !== undefined) return modelNameProblem(pathModel) ?? withModel(body, pathModel)
  const isMissing = body.json['model'] === undefined || body.json['model'] === null
  return isMissing && action.defaultModel !== undefined ? withModel(body, action.defaultModel) : body
}

function readPassthrough(
  route: VerbatimRoute,
  body: JsonBody,
  dialects: ServerDeps['dialects'],
): ReadRequest | Failure {
  const { model, stream } = body.json
  if (typeof model !== 'string' || model === '') return missingModel(route)
  return {
    work: { operation: 'passthrough', dialect: dialects.errors, route, body },
    facts: passthroughFacts(model, stream === true, textLength(body.json)),
    fields: body.json,
  }
}

function readFormWork(source: WorkSource, dialects: ServerDeps['dialects']): ReadRequest | Failure {
  const { contentType, action } = source
  const read = readModelForm(source)
  if (isFailure(read)) return read
  const { raw, form } = read
  if (form.model === undefined || form.model.value === '') return missingModel(action.operation)
  const problem = modelNameProblem(form.model.value)
  if (problem !== undefined) return problem
  const { start, end, value } = form.model
  const body: MultipartBody = { kind: 'multipart', raw, contentType, modelSpan: { start, end } }
  return {
    work: { operation: 'passthrough', dialect: dialects.errors, route: action.operation, body },
    facts: passthroughFacts(source.pathModel ?? value, form.stream, 0),
    fields: {},
  }
}

/** The path's model is the one that is meant; the field is only the place where its name goes for the upstream. */
function readModelForm({ raw, contentType, pathModel }: WorkSource): { raw: Buffer; form: FormFacts } | Failure {
  const form = readForm(raw, contentType)
  if (isFailure(form)) return form
  if (pathModel === undefined) return { raw, form }
  const problem = modelNameProblem(pathModel)
  if (problem !== undefined) return problem
  if (form.model !== undefined) return { raw, form }
  const named = withModelField(raw, contentType, pathModel)
  const again = readForm(named, contentType)
  return isFailure(again) ? again : { raw: named, form: again }
}

const CHARS_PER_TOKEN = 4

function passthroughFacts(model: string, stream: boolean, chars: number): ReadRequest['facts'] {
  return {
    model,
    operation: 'passthrough',
    stream,
    needs: [],
    promptTokensEstimate: Math.ceil(chars / CHARS_PER_TOKEN),
    maxOutputTokens: undefined,
  }
}

/** The text that these routes are asked about stands at the top: `input`, `prompt`, `query`. */
function textLength(fields: JsonObject): number {
  let chars = 0
  for (const name of ['input', 'prompt', 'query']) {
    const value = fields[name]
    if (typeof value === 'string') chars += value.length
  }
  return chars
}

function missingModel(route: VerbatimRoute): Failure {
  return {
    kind: 'invalid-request',
    status: 400,
    code: 'missing_model',
    param: 'model',
    message: `'model' is missing: name one that serves ${route}. GET /v1/models lists what there is.`,
  }
}
