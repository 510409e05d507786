import type { ChatRequest } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject } from '../contract/json.ts'
import type { HttpRequest } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { compact } from '../kit/json-fields.ts'
import { configuredKeys } from './anthropic-request.ts'
import { conversionField } from './conversions.ts'
import { geminiContents } from './gemini-contents.ts'
import { geminiExtra } from './gemini-extra.ts'
import { generationConfig } from './gemini-generation-config.ts'
import { geminiTools } from './gemini-tools.ts'
import { postJson } from './openai-compatible.ts'

/** What both of Google's APIs are sent for a chat, and what of it could not be said. */
export interface GeminiBody {
  readonly body: JsonObject
  readonly conversions: readonly Conversion[]
}

/** The body of `:generateContent` and `:streamGenerateContent`; the model stands in the path. */
export function geminiBody(chat: ChatRequest, target: Target): GeminiBody {
  const { model } = target
  const conversions: Conversion[] = []
  const { contents, systemInstruction } = geminiContents(chat, model, conversions)
  const { tools, toolConfig } = geminiTools(chat, conversions)
  const config = generationConfig(chat, model, conversions)
  const extra = geminiExtra(chat, { configured: configuredKeys(target), conversions })
  const body = compact({
    contents,
    systemInstruction,
    tools,
    toolConfig: nonEmpty({ ...toolConfig, ...extra.toolConfig }),
    generationConfig: nonEmpty({ ...config, ...extra.generationConfig }),
    ...extra.body,
  })
  return { body, conversions }
}

/** The request that generates, under the path of its model. */
export function generateRequest(chat: ChatRequest, target: Target, at: GeneratePath): HttpRequest {
  const { body, conversions } = geminiBody(chat, target)
  const call = at.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
  const request = postJson(`${at.modelPath}:${call}`, body)
  return { ...request, ...conversionField(conversions) }
}

/** Where a model is asked. */
export interface GeneratePath {
  /** `/models/gemini-2.5-flash`. */
  readonly modelPath: string
  readonly stream: boolean
}

function nonEmpty(object: JsonObject): JsonObject | undefined {
  return Object.keys(object).length === 0 ? undefined : object
}
