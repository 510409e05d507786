import type { ChatRequest, OutputFormat } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { HttpRequest } from '../contract/provider.ts'
import { compact } from '../kit/json-fields.ts'
import { closedSchema } from './anthropic-schema.ts'
import { keepsCache } from './bedrock-blocks.ts'
import { claudeKeys, passedKeys, stateLosses } from './bedrock-extra.ts'
import { mergeFields, modelFields } from './bedrock-fields.ts'
import { conversation, type Conversation, type MessageContext } from './bedrock-messages.ts'
import type { BedrockModel } from './bedrock-model.ts'
import { toolConfig } from './bedrock-tools.ts'
import { changed, conversionField, ignored, lost, weakened } from './conversions.ts'
import { postJson } from './openai-compatible.ts'
import { pathSegment } from './path-segment.ts'
import type { Upstream } from './upstream-failure.ts'

/** For what a request is written. */
export interface BedrockContext {
  readonly upstream: Upstream
  readonly model: BedrockModel
  readonly stream: boolean
}

/** `POST /model/{id}/converse`, or its streamed sister. */
export function converseRequest(chat: ChatRequest, { upstream, model, stream }: BedrockContext): HttpRequest | Failure {
  const conversions: Conversion[] = []
  const body = converseBody(chat, { upstream, model, conversions, documents: new Set() }, stream)
  if (isFailure(body)) return body
  const request = postJson(modelPath(model, stream ? 'converse-stream' : 'converse'), body)
  return { ...request, ...conversionField(conversions) }
}

/** The id stands in the path encoded once; a signature encodes it a second time. */
export function modelPath(model: BedrockModel, operation: string): string {
  return `/model/${pathSegment(model.id)}/${operation}`
}

/** The body of Converse, which Nova takes for `invoke`, too. States what it cannot carry. */
export function converseBody(chat: ChatRequest, context: MessageContext, stream: boolean): JsonObject | Failure {
  const { model, conversions } = context
  const said = conversation(chat, context)
  if (isFailure(said)) return said
  const fields = modelFields(chat, context)
  const additional = mergeFields(
    { ...claudeKeys(chat.extra, model), ...fields.additional },
    chat.extra['additionalModelRequestFields'],
  )
  stateLosses(chat, model, conversions)
  if (!keepsCache(model) && asksForCache(chat)) {
    conversions.push(ignored('cache_control', 'has no counterpart: this model keeps no cache at Bedrock'))
  }
  const system = withInstruction(said, chat.format, conversions)
  return compact({
    messages: said.messages,
    system: system.length === 0 ? undefined : system,
    inferenceConfig: filled(fields.inferenceConfig),
    toolConfig: toolConfig(chat, context),
    outputConfig: filled(compact({ textFormat: textFormat(chat.format, context), effort: fields.effort })),
    additionalModelRequestFields: filled(additional),
    ...(reportsStop(chat, model) && { additionalModelResponseFieldPaths: ['/stop_sequence'] }),
    ...passedKeys(chat.extra, stream),
  })
}

function filled(object: JsonObject): JsonObject | undefined {
  return Object.keys(object).length === 0 ? undefined : object
}

/** Claude tells which stop sequence it met, when it is asked to. Source: Converse, `additionalModelResponseFieldPaths`. */
function reportsStop({ sampling, extra }: ChatRequest, { claude }: BedrockModel): boolean {
  return (
    claude !== undefined && (sampling.stop ?? []).length > 0 && extra['additionalModelResponseFieldPaths'] === undefined
  )
}

function asksForCache(chat: ChatRequest): boolean {
  const parts = chat.messages.flatMap((message) => message.content)
  return (
    chat.tools.some((tool) => tool.extra?.['cache_control'] !== undefined) ||
    parts.some((part) => 'extra' in part && part.extra?.['cache_control'] !== undefined)
  )
}

/** There is no switch for JSON of any form, so the model is told. */
function withInstruction(
  { system }: Conversation,
  format: OutputFormat | undefined,
  conversions: Conversion[],
): readonly JsonObject[] {
  if (format?.type !== 'json') return system
  conversions.push(changed('response_format', 'is an instruction at Bedrock: only a schema can be held to'))
  return [...system, { text: 'Answer with one JSON object and nothing else.' }]
}

/** Source: Converse, `outputConfig.textFormat`; the schema is a text. */
function textFormat(format: OutputFormat | undefined, { model, conversions }: MessageContext): JsonObject | undefined {
  if (format?.type !== 'json-schema') return undefined
  if (!holdsToSchema(model)) {
    conversions.push(lost('response_format', 'has no counterpart: this model cannot be held to a schema at Bedrock'))
    return undefined
  }
  const closed = model.claude === undefined ? undefined : closedSchema(format.schema)
  if (closed?.loosened === true) {
    conversions.push(weakened('response_format', 'has limits that Claude is only told of, in descriptions'))
  }
  const name = format.name.replaceAll(/[^a-zA-Z0-9_-]+/g, '_').slice(0, 64)
  const jsonSchema = { schema: JSON.stringify(closed?.schema ?? format.schema), name: name === '' ? 'answer' : name }
  return { type: 'json_schema', structure: { jsonSchema } }
}

function holdsToSchema({ family, claude }: BedrockModel): boolean {
  if (claude !== undefined) return claude.schema
  return family !== 'titan' && family !== 'llama' && family !== 'cohere' && family !== 'ai21'
}
