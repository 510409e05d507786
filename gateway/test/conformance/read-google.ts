import { GoogleGenAI, type GenerateContentResponse, type Part } from '@google/genai'
import { PROMPT } from './ask.ts'
import type { CalledTool, Meaning } from './meaning.ts'

/** `generateContent` of Gemini and Vertex, read with Google's library. */
export async function readGenerated(
  baseUrl: string,
  { stream, vertexai }: { readonly stream: boolean; readonly vertexai: boolean },
): Promise<Meaning> {
  const httpOptions = { baseUrl, retryOptions: { attempts: 1 } }
  const { models } = new GoogleGenAI({ apiKey: 'k', vertexai, httpOptions })
  const asked = { model: 'm', contents: PROMPT }
  if (!stream) return meaningOf([await models.generateContent(asked)])
  const chunks: GenerateContentResponse[] = []
  for await (const chunk of await models.generateContentStream(asked)) chunks.push(chunk)
  return meaningOf(chunks)
}

function meaningOf(chunks: readonly GenerateContentResponse[]): Meaning {
  const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? [])
  const tools = callsOf(parts)
  const text = texts(parts, false)
  // Vertex' first chunks only name the kind of traffic.
  const usage = chunks.map((chunk) => chunk.usageMetadata).findLast((one) => one?.promptTokenCount !== undefined)
  const finish = finishOf(chunks, { useful: text !== '' || tools.length > 0, called: tools.length > 0 })
  return {
    text,
    others: [],
    reasoning: texts(parts, true),
    refusal: finish === 'content_filter' ? chunks.map(refusalOf).join('') : '',
    tools,
    finish,
    usage: usage && {
      input: (usage.promptTokenCount ?? 0) + (usage.toolUsePromptTokenCount ?? 0),
      output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
      cacheRead: usage.cachedContentTokenCount ?? 0,
      reasoning: usage.thoughtsTokenCount ?? 0,
    },
  }
}

function refusalOf({ promptFeedback, candidates }: GenerateContentResponse): string {
  return promptFeedback?.blockReasonMessage ?? candidates?.[0]?.finishMessage ?? ''
}

function texts(parts: readonly Part[], thought: boolean): string {
  return parts.map((part) => ((part.thought === true) === thought ? (part.text ?? '') : '')).join('')
}

/** Calls; of those that come in pieces each piece fills one field at the top. */
function callsOf(parts: readonly Part[]): CalledTool[] {
  const calls: { name: string; arguments: Record<string, unknown> }[] = []
  for (const { functionCall } of parts) {
    if (functionCall === undefined) continue
    if (functionCall.name !== undefined) calls.push({ name: functionCall.name, arguments: { ...functionCall.args } })
    const args = calls.at(-1)?.arguments ?? {}
    for (const { jsonPath = '', stringValue, numberValue, boolValue } of functionCall.partialArgs ?? []) {
      const key = jsonPath.slice(2)
      const before = args[key]
      args[key] = typeof before === 'string' ? before + (stringValue ?? '') : (stringValue ?? numberValue ?? boolValue)
    }
  }
  return calls
}

const FILTERS: ReadonlySet<string> = new Set([
  'SAFETY',
  'RECITATION',
  'PROHIBITED_CONTENT',
  'BLOCKLIST',
  'SPII',
  'MODEL_ARMOR',
  'IMAGE_SAFETY',
])

/** An end that gave nothing and is no end that was meant is an error, whose sentence is the library's word for it. */
function finishOf(
  chunks: readonly GenerateContentResponse[],
  { useful, called }: { readonly useful: boolean; readonly called: boolean },
): string {
  if (chunks.some((chunk) => chunk.promptFeedback?.blockReason !== undefined)) return 'content_filter'
  const reason = String(chunks.map((chunk) => chunk.candidates?.[0]?.finishReason).findLast(Boolean))
  if (FILTERS.has(reason)) return 'content_filter'
  if (reason === 'MAX_TOKENS') return 'length'
  if (!useful && reason !== 'STOP') throw new Error(reason)
  return called ? 'tool_calls' : 'stop'
}
