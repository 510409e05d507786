import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { APICallError, generateText, jsonSchema, streamText, tool, StreamProviderError, type LanguageModel } from 'ai'
import {
  CALL,
  CALL_SCHEMA,
  callText,
  type Answer,
  type FaultClient,
  type Question,
  type Raised,
  type Transport,
} from './fault-client.ts'

/** The AI SDK over chat completions. */
export const aiChat = aiClient('chat', ({ url, key, model }, fetch) =>
  createOpenAICompatible({ name: 'spillway', baseURL: `${url}/v1`, apiKey: key, includeUsage: true, fetch })(model),
)

/** The AI SDK over Anthropic's Messages. */
export const aiMessages = aiClient('messages', ({ url, key, model }, fetch) =>
  createAnthropic({ baseURL: `${url}/v1`, apiKey: key, fetch })(model),
)

const TOOLS = { [CALL.name]: tool({ inputSchema: jsonSchema<{ city: string }>(CALL_SCHEMA) }) }

function aiClient(
  wire: FaultClient['wire'],
  modelAt: (place: Question, fetch: Transport) => LanguageModel,
): FaultClient {
  return {
    name: 'ai',
    wire,
    judge,
    ask: async (question, answer, fetch) => {
      const options = {
        model: modelAt(question, fetch),
        prompt: question.prompt,
        maxRetries: 0,
        tools: question.script === 'call' ? TOOLS : {},
      }
      if (question.stream) {
        await readStream(streamText({ ...options, onError: () => undefined }), question, answer)
        return
      }
      const { text, reasoningText, toolCalls, finishReason, usage } = await generateText(options)
      const calls = toolCalls.map((call) => callText(call.toolName, call.input)).join('')
      Object.assign(answer, { text, thought: reasoningText ?? '', calls, finish: FINISH[finishReason], usage })
    },
  }
}

async function readStream(
  { fullStream }: Pick<ReturnType<typeof streamText>, 'fullStream'>,
  { begun }: Question,
  answer: Answer,
): Promise<void> {
  for await (const part of fullStream) {
    if (part.type === 'error') throw part.error
    if (part.type === 'text-delta') answer.text += part.text
    if (part.type === 'reasoning-delta') answer.thought += part.text
    if (part.type === 'tool-call') answer.calls += callText(part.toolName, part.input)
    if (part.type.endsWith('-delta')) begun?.()
    if (part.type !== 'finish') continue
    answer.finish = FINISH[part.finishReason]
    answer.usage = part.totalUsage
  }
}

const FINISH: Readonly<Record<string, string>> = { stop: 'stop', 'tool-calls': 'tool_calls' }

/** Inside a stream its providers hand on what they were told: a text, or the error object. */
function judge(error: unknown): Raised {
  if (APICallError.isInstance(error)) {
    const { statusCode: status, message } = error
    return status === undefined
      ? { how: 'broken', message }
      : { how: status === 200 ? 'stream' : 'reply', status, message }
  }
  if (StreamProviderError.isInstance(error)) return { how: 'stream', message: error.message }
  if (typeof error === 'string') return { how: 'stream', message: error }
  if (error instanceof Error) return { how: 'broken', message: `${error.name}: ${error.message}` }
  const { message } = (error ?? {}) as { readonly message?: unknown }
  return typeof message === 'string' ? { how: 'stream', message } : { how: 'broken', message: JSON.stringify(error) }
}
