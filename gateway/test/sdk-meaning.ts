import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { AIMessageChunk, HumanMessage, type UsageMetadata } from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import OpenAI from 'openai'
import type { Meaning } from './oracle.ts'

/** What a client program would see, in the terms of the oracle. */
export type ClientMeaning = Omit<Meaning, 'error' | 'peculiar'>

export interface ClientCall {
  readonly baseUrl: string
  readonly key: string
  readonly model: string
  readonly stream: boolean
}

/** Reads a chat reply through the official SDK, or through the two libraries that most programs use. */
export type ChatClient = (call: ClientCall) => Promise<ClientMeaning>

const PROMPT = 'What is the weather in Tokyo?'

export const openAiSdk: ChatClient = async ({ baseUrl, key, model, stream }) => {
  const client = new OpenAI({ baseURL: `${baseUrl}/v1`, apiKey: key, maxRetries: 0 })
  const messages = [{ role: 'user' as const, content: PROMPT }]
  if (!stream) {
    const reply = await client.chat.completions.create({ model, messages })
    const message = reply.choices[0]?.message
    const calls = (message?.tool_calls ?? []).filter((call) => call.type === 'function')
    return {
      text: message?.content ?? '',
      tools: calls.map((call) => ({ name: call.function.name, arguments: parse(call.function.arguments) })),
      finish: reply.choices[0]?.finish_reason,
      inputTokens: reply.usage?.prompt_tokens,
      outputTokens: reply.usage?.completion_tokens,
    }
  }
  const seen = emptyMeaning()
  const calls: { name: string; text: string }[] = []
  const chunks = await client.chat.completions.create({
    model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
  })
  for await (const chunk of chunks) {
    const choice = chunk.choices[0]
    seen.text += choice?.delta.content ?? ''
    if (choice?.finish_reason) seen.finish = choice.finish_reason
    for (const call of choice?.delta.tool_calls ?? []) {
      const known = (calls[call.index] ??= { name: '', text: '' })
      known.name ||= call.function?.name ?? ''
      known.text += call.function?.arguments ?? ''
    }
    if (chunk.usage) {
      seen.inputTokens = chunk.usage.prompt_tokens
      seen.outputTokens = chunk.usage.completion_tokens
    }
  }
  return { ...seen, tools: calls.map((call) => ({ name: call.name, arguments: parse(call.text) })) }
}

export const aiSdk: ChatClient = async ({ baseUrl, key, model, stream }) => {
  const provider = createOpenAICompatible({
    name: 'spillway',
    baseURL: `${baseUrl}/v1`,
    apiKey: key,
    includeUsage: true,
  })
  const chat = provider.chatModel(model)
  const options = { prompt: [{ role: 'user' as const, content: [{ type: 'text' as const, text: PROMPT }] }] }
  const seen = emptyMeaning()
  const tools: { name: string; arguments: unknown }[] = []
  if (!stream) {
    const reply = await chat.doGenerate(options)
    for (const part of reply.content) {
      if (part.type === 'text') seen.text += part.text
      if (part.type === 'tool-call') tools.push({ name: part.toolName, arguments: parse(part.input) })
    }
    return { ...seen, tools, ...tail(reply.finishReason, reply.usage) }
  }
  const { stream: parts } = await chat.doStream(options)
  for await (const part of parts) {
    if (part.type === 'text-delta') seen.text += part.delta
    if (part.type === 'tool-call') tools.push({ name: part.toolName, arguments: parse(part.input) })
    if (part.type === 'error') throw part.error
    if (part.type === 'finish') Object.assign(seen, tail(part.finishReason, part.usage))
  }
  return { ...seen, tools }
}

interface AiUsage {
  readonly inputTokens: { readonly total?: number | undefined }
  readonly outputTokens: { readonly total?: number | undefined }
}

function tail(
  finish: { unified: string },
  usage: AiUsage,
): Pick<ClientMeaning, 'finish' | 'inputTokens' | 'outputTokens'> {
  const names: Readonly<Record<string, string>> = { 'tool-calls': 'tool_calls', 'content-filter': 'content_filter' }
  return {
    finish: names[finish.unified] ?? finish.unified,
    inputTokens: usage.inputTokens.total,
    outputTokens: usage.outputTokens.total,
  }
}

export const langChain: ChatClient = async ({ baseUrl, key, model, stream }) => {
  const chat = new ChatOpenAI({
    model,
    apiKey: key,
    maxRetries: 0,
    streamUsage: true,
    configuration: { baseURL: `${baseUrl}/v1` },
  })
  const message = stream ? await concatenated(chat) : await chat.invoke([new HumanMessage(PROMPT)])
  const metadata: { finish_reason?: string } = message.response_metadata
  const usage = message.usage_metadata as UsageMetadata | undefined // its generic parameter makes it `never`
  return {
    text: message.text,
    tools: (message.tool_calls ?? []).map((call) => ({ name: call.name, arguments: call.args })),
    finish: metadata.finish_reason,
    inputTokens: usage?.input_tokens,
    outputTokens: usage?.output_tokens,
  }
}

async function concatenated(chat: ChatOpenAI): Promise<AIMessageChunk> {
  let whole: AIMessageChunk | undefined
  let last: AIMessageChunk | undefined
  for await (const chunk of await chat.stream([new HumanMessage(PROMPT)])) {
    whole = whole?.concat(chunk) ?? chunk
    last = chunk
  }
  if (whole === undefined) return new AIMessageChunk('')
  // Where an upstream names no role, the library builds the whole as a kind of message that has no room for usage.
  const usage = whole.usage_metadata ?? last?.usage_metadata
  return usage === undefined ? whole : Object.assign(whole, { usage_metadata: usage })
}

function emptyMeaning(): { -readonly [K in keyof Omit<ClientMeaning, 'tools'>]: ClientMeaning[K] } {
  return { text: '', finish: undefined, inputTokens: undefined, outputTokens: undefined }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json === '' ? '{}' : json)
  } catch {
    return json
  }
}
