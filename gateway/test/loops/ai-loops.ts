import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, isStepCount, jsonSchema, streamText, tool, type LanguageModel } from 'ai'
import {
  createNotes,
  MOST_TURNS,
  QUESTION,
  TOOL_DESCRIPTION,
  TOOL_NAME,
  TOOL_SCHEMA,
  type Outcome,
  type Place,
  type ToolLoop,
} from './tool-loop.ts'

type ModelAt = (place: Place) => LanguageModel

const compatible: ModelAt = ({ url, key, model }) =>
  createOpenAICompatible({ name: 'spillway', baseURL: `${url}/v1`, apiKey: key })(model)

const anthropic: ModelAt = ({ url, key, model }) => createAnthropic({ baseURL: `${url}/v1`, apiKey: key })(model)

function options(place: Place, modelAt: ModelAt, notes: ReturnType<typeof createNotes>) {
  return {
    model: modelAt(place),
    prompt: QUESTION,
    maxRetries: 0,
    maxOutputTokens: 2_048,
    stopWhen: isStepCount(MOST_TURNS),
    tools: {
      [TOOL_NAME]: tool({
        description: TOOL_DESCRIPTION,
        inputSchema: jsonSchema<{ name: string }>(TOOL_SCHEMA),
        execute: ({ name }) => notes.read(name),
      }),
    },
  }
}

async function whole(place: Place, modelAt: ModelAt): Promise<Outcome> {
  const notes = createNotes()
  const { text } = await generateText(options(place, modelAt, notes))
  return { text, ran: notes.ran }
}

async function streamed(place: Place, modelAt: ModelAt): Promise<Outcome> {
  const notes = createNotes()
  const errors: unknown[] = []
  const onError = ({ error }: { error: unknown }): void => void errors.push(error)
  const result = streamText({ ...options(place, modelAt, notes), onError })
  await result.consumeStream()
  if (errors.length > 0) throw errors[0]
  return { text: await result.text, ran: notes.ran }
}

/** The loops of one provider package of the AI SDK. */
export function aiLoops(name: string, modelAt: ModelAt): readonly ToolLoop[] {
  return [
    { client: `ai with ${name}`, run: (place) => whole(place, modelAt) },
    { client: `ai with ${name}, streamed`, run: (place) => streamed(place, modelAt) },
  ]
}

export const bundledAiLoops: readonly ToolLoop[] = [
  ...aiLoops('@ai-sdk/openai-compatible', compatible),
  ...aiLoops('@ai-sdk/anthropic', anthropic),
]
