import { ChatAnthropic } from '@langchain/anthropic'
import { HumanMessage, type AIMessageChunk, type BaseMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI } from '@langchain/openai'
import { z } from 'zod'
import {
  createNotes,
  MOST_TURNS,
  QUESTION,
  TOOL_DESCRIPTION,
  TOOL_NAME,
  type Outcome,
  type Place,
  type ToolLoop,
} from './tool-loop.ts'

type Notes = ReturnType<typeof createNotes>

function noteTool(notes: Notes) {
  return tool(({ name }: { name: string }) => notes.read(name), {
    name: TOOL_NAME,
    description: TOOL_DESCRIPTION,
    schema: z.object({ name: z.string() }),
  })
}

/** Asks with the whole conversation; the model with its tools is the client's own. */
type Ask = (messages: BaseMessage[]) => Promise<AIMessageChunk>

async function loop(notes: Notes, ask: Ask): Promise<Outcome> {
  const messages: BaseMessage[] = [new HumanMessage(QUESTION)]
  const reader = noteTool(notes)
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const answer = await ask(messages)
    messages.push(answer)
    const calls = answer.tool_calls ?? []
    if (calls.length === 0) return { text: answer.text, ran: notes.ran }
    for (const call of calls) messages.push(await reader.invoke(call))
  }
  throw new Error('The model never came to an end.')
}

function openai({ url, key, model }: Place, useResponsesApi: boolean): Promise<Outcome> {
  const notes = createNotes()
  const chat = new ChatOpenAI({
    model,
    apiKey: key,
    maxRetries: 0,
    useResponsesApi,
    configuration: { baseURL: `${url}/v1` },
  })
  const withTools = chat.bindTools([noteTool(notes)])
  return loop(notes, (messages) => withTools.invoke(messages))
}

function anthropic({ url, key, model }: Place): Promise<Outcome> {
  const notes = createNotes()
  const chat = new ChatAnthropic({ model, apiKey: key, anthropicApiUrl: url, maxTokens: 2_048, maxRetries: 0 })
  const withTools = chat.bindTools([noteTool(notes)])
  return loop(notes, async (messages) => {
    let whole: AIMessageChunk | undefined
    for await (const chunk of await withTools.stream(messages)) whole = whole?.concat(chunk) ?? chunk
    if (whole === undefined) throw new Error('The stream was empty.')
    return whole
  })
}

export const langchainLoops: readonly ToolLoop[] = [
  { client: '@langchain/openai', run: (place) => openai(place, false) },
  { client: '@langchain/openai, Responses', run: (place) => openai(place, true) },
  { client: '@langchain/anthropic, streamed', run: anthropic },
]
