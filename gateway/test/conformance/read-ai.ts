import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { streamText, type LanguageModel } from 'ai'
import { PROMPT } from './ask.ts'
import { SILENCE, type Meaning } from './meaning.ts'

/** A stream as programs read it that use the `ai` package, over either of the two wires that it knows. */
export async function readAi(
  { url, key }: { readonly url: string; readonly key: string },
  model: string,
  wire: 'chat' | 'messages',
): Promise<Meaning> {
  const seen = { text: '', reasoning: '', finish: '' }
  const tools: { name: string; arguments: unknown }[] = []
  const { fullStream } = streamText({
    model: languageModel({ url, key }, model, wire),
    prompt: PROMPT,
    maxRetries: 0,
    onError: () => undefined,
  })
  for await (const part of fullStream) {
    if (part.type === 'text-delta') seen.text += part.text
    if (part.type === 'reasoning-delta') seen.reasoning += part.text
    if (part.type === 'tool-call') tools.push({ name: part.toolName, arguments: part.input })
    if (part.type === 'error') throw part.error
    if (part.type === 'finish') seen.finish = part.finishReason
  }
  return { ...SILENCE, ...seen, tools }
}

function languageModel(
  { url, key }: { readonly url: string; readonly key: string },
  model: string,
  wire: 'chat' | 'messages',
): LanguageModel {
  const baseURL = `${url}/v1`
  if (wire === 'messages') return createAnthropic({ baseURL, apiKey: key })(model)
  return createOpenAICompatible({ name: 'spillway', baseURL, apiKey: key, includeUsage: true }).chatModel(model)
}
