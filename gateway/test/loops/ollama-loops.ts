import { Ollama, type ChatRequest, type Message, type Tool } from 'ollama'
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

const { type, properties, required } = TOOL_SCHEMA
const TOOL: Tool = {
  type: 'function',
  function: { name: TOOL_NAME, description: TOOL_DESCRIPTION, parameters: { type, properties, required } },
}

type Ask = (client: Ollama, body: ChatRequest) => Promise<Message>

async function chatLoop({ url, key, model }: Place, ask: Ask): Promise<Outcome> {
  const client = new Ollama({ host: url, headers: { authorization: `Bearer ${key}` } })
  const notes = createNotes()
  const messages: Message[] = [{ role: 'user', content: QUESTION }]
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const message = await ask(client, { model, messages, tools: [TOOL] })
    messages.push(message)
    const calls = message.tool_calls ?? []
    if (calls.length === 0) return { text: message.content, ran: notes.ran }
    for (const call of calls) {
      messages.push({
        role: 'tool',
        tool_name: call.function.name,
        content: notes.read(call.function.arguments['name']),
      })
    }
  }
  throw new Error('The model never came to an end.')
}

const askWhole: Ask = async (client, body) => (await client.chat({ ...body, stream: false })).message

const askStreamed: Ask = async (client, body) => {
  const whole: Message = { role: 'assistant', content: '' }
  for await (const { message } of await client.chat({ ...body, stream: true })) {
    whole.content += message.content
    if (message.tool_calls !== undefined) whole.tool_calls = [...(whole.tool_calls ?? []), ...message.tool_calls]
  }
  return whole
}

/** Keeps what Ollama's types have and nothing else, as typed clients in other languages do: calls without ids. */
const askTyped: Ask = async (client, body) => {
  const { tool_calls: calls = [], ...message } = await askStreamed(client, body)
  const typed = calls.map(({ function: { name, arguments: given } }) => ({ function: { name, arguments: given } }))
  return typed.length === 0 ? message : { ...message, tool_calls: typed }
}

export const ollamaLoops: readonly ToolLoop[] = [
  { client: 'ollama', run: (place) => chatLoop(place, askWhole) },
  { client: 'ollama, streamed', run: (place) => chatLoop(place, askStreamed) },
]

/** Signatures do not survive it: there is nothing in its history that says which answer a call belongs to. */
export const typedOllamaLoop: ToolLoop = { client: 'ollama, without ids', run: (place) => chatLoop(place, askTyped) }
