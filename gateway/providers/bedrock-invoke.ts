import type { ChatRequest, Message, Part } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { HttpRequest } from '../contract/provider.ts'
import { compact, objectOf, textAt, textOf, without } from '../kit/json-fields.ts'
import { anthropicBody } from './anthropic-request.ts'
import { mergeFields } from './bedrock-fields.ts'
import { stateLosses } from './bedrock-extra.ts'
import { wireToolName } from './bedrock-names.ts'
import { converseBody, modelPath, type BedrockContext } from './bedrock-request.ts'
import { conversionField, lostHostedTool } from './conversions.ts'
import { postJson } from './openai-compatible.ts'
import { chatBody } from './openai-request.ts'
import { unsupported } from './upstream-failure.ts'

interface NativeBody {
  readonly body: JsonObject
  readonly conversions: readonly Conversion[]
}

/** `POST /model/{id}/invoke`, or its streamed sister: the body in the model's own wire. */
export function invokeRequest(chat: ChatRequest, context: BedrockContext): HttpRequest | Failure {
  const native = nativeBody(withWireNames(chat), context)
  if (isFailure(native)) return native
  const operation = context.stream ? 'invoke-with-response-stream' : 'invoke'
  const request = postJson(modelPath(context.model, operation), native.body)
  const headers = { ...request.headers, ...guardrailHeaders(chat.extra) }
  return { ...request, headers, ...conversionField(native.conversions) }
}

function nativeBody(chat: ChatRequest, context: BedrockContext): NativeBody | Failure {
  const { family, id } = context.model
  if (family === 'claude') return claudeBody(chat, context)
  if (family === 'nova-1' || family === 'nova-2') return novaBody(chat, context)
  if (family === 'openai' || family === 'other' || family === 'ai21' || CHAT_MISTRAL.test(id)) {
    return openAiBody(chat, context)
  }
  const sentence = `has no form of chat for ${id.slice(0, 100)} in \`invoke\`: that model takes a bare prompt.`
  return unsupported(context.upstream, `${sentence} Use it as bedrock/converse/..., without \`invoke/\`.`)
}

/** The Mistral models whose body is a chat. */
const CHAT_MISTRAL = /mistral\.(?:mistral-large-(?:2407|3)|pixtral|ministral|magistral|devstral|voxtral)/

/** Keys of Anthropic's own API that Bedrock refuses as extraneous. */
const NOT_AT_BEDROCK: ReadonlySet<string> = new Set([
  'model',
  'service_tier',
  'container',
  'mcp_servers',
  'inference_geo',
  'speed',
  'diagnostics',
  'fallbacks',
])

/** Anthropic's Messages, with its version in the body and the model in the path. */
function claudeBody(chat: ChatRequest, { upstream, model }: BedrockContext): NativeBody | Failure {
  if (chat.messages.some(hasAddress)) {
    return unsupported(upstream, 'takes images and files only as data. Send a data: URI with base64.')
  }
  const conversions: Conversion[] = []
  for (const tool of chat.hostedTools ?? []) {
    if (RUN_BY_ANTHROPIC.test(tool.type))
      conversions.push(lostHostedTool(tool, chat, 'is a tool that Bedrock does not run'))
  }
  const hostedTools = (chat.hostedTools ?? []).filter((tool) => !RUN_BY_ANTHROPIC.test(tool.type))
  const written = anthropicBody({ ...chat, hostedTools }, { upstream, model: model.id })
  if (isFailure(written)) return written
  const { body, betas } = written
  return {
    body: compact({
      anthropic_version: 'bedrock-2023-05-31',
      anthropic_beta: betas.length === 0 ? undefined : betas,
      ...without(body, NOT_AT_BEDROCK),
    }),
    conversions: [...conversions, ...written.conversions],
  }
}

const RUN_BY_ANTHROPIC = /^(?:web_search|web_fetch|code_execution|mcp_toolset)/

function hasAddress(message: Message): boolean {
  return message.content.some((part) => /^https?:/i.test(addressOf(part) ?? ''))
}

function addressOf(part: Part): string | undefined {
  if (part.type === 'image') return 'url' in part.source ? part.source.url : undefined
  return part.type === 'file' ? part.data : undefined
}

/** Nova's own wire is that of Converse, with its additional fields among the others. */
function novaBody(chat: ChatRequest, { upstream, model, stream }: BedrockContext): NativeBody | Failure {
  const conversions: Conversion[] = []
  const converse = converseBody(chat, { upstream, model, conversions, documents: new Set() }, stream)
  if (isFailure(converse)) return converse
  const body = mergeFields(without(converse, ONLY_CONVERSE), converse['additionalModelRequestFields'])
  return { body: { schemaVersion: 'messages-v1', ...body }, conversions }
}

const ONLY_CONVERSE: ReadonlySet<string> = new Set([
  'additionalModelRequestFields',
  'additionalModelResponseFieldPaths',
  'guardrailConfig',
  'performanceConfig',
  'serviceTier',
  'requestMetadata',
  'promptVariables',
])

/** The open models speak OpenAI's chat; which one, and that it is streamed, stands in the path. */
function openAiBody(chat: ChatRequest, { model }: BedrockContext): NativeBody {
  const conversions: Conversion[] = []
  const quirks = { streamOptions: false, messageExtras: false }
  // What Bedrock has no counterpart of is OpenAI's own here.
  const body = chatBody({ ...chat, extra: {} }, { model: model.id, stream: false, quirks })
  stateLosses({ ...chat, sampling: {}, user: undefined, parallelToolCalls: undefined }, model, conversions)
  return { body: without(body, IN_THE_PATH), conversions }
}

const IN_THE_PATH: ReadonlySet<string> = new Set(['model', 'stream', 'stream_options'])

/** `invoke` has headers for what stands in the body of Converse. Source: InvokeModel, "URI request parameters". */
function guardrailHeaders(extra: JsonObject): Record<string, string> {
  const guardrail = objectOf(extra['guardrailConfig'])
  const headers = {
    'x-amzn-bedrock-guardrailidentifier': textAt(guardrail, 'guardrailIdentifier'),
    'x-amzn-bedrock-guardrailversion': textAt(guardrail, 'guardrailVersion'),
    'x-amzn-bedrock-trace': textAt(guardrail, 'trace')?.toUpperCase(),
    'x-amzn-bedrock-performanceconfig-latency': textAt(extra['performanceConfig'], 'latency'),
    'x-amzn-bedrock-service-tier': textAt(extra['serviceTier'], 'type') ?? tierWord(extra),
  }
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value ? [[name, value]] : [])))
}

function tierWord(extra: JsonObject): string | undefined {
  const tier = textOf(extra['service_tier'])
  return tier === 'flex' || tier === 'priority' ? tier : undefined
}

/** Names of tools as Bedrock takes them; the reader gives the client's back. */
function withWireNames(chat: ChatRequest): ChatRequest {
  const { toolChoice } = chat
  return {
    ...chat,
    tools: chat.tools.map((tool) => ({ ...tool, name: wireToolName(tool.name) })),
    toolChoice: typeof toolChoice === 'object' ? { name: wireToolName(toolChoice.name) } : toolChoice,
    messages: chat.messages.map((message) =>
      message.role === 'assistant'
        ? {
            ...message,
            toolCalls: message.toolCalls.map((call) => ({ ...call, name: wireToolName(call.name) })),
          }
        : message,
    ),
  }
}
