import Anthropic from '@anthropic-ai/sdk'
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema'
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

const MAX_TOKENS = 2_048
const TOOL: Anthropic.Tool = { name: TOOL_NAME, description: TOOL_DESCRIPTION, input_schema: TOOL_SCHEMA }

function clientOf({ url, key }: Place): Anthropic {
  // The other variable of the SDK would be taken from the machine.
  return new Anthropic({ baseURL: url, apiKey: key, authToken: null, maxRetries: 0 })
}

type Ask = (client: Anthropic, body: Anthropic.MessageCreateParamsNonStreaming) => Promise<Anthropic.Message>

async function messagesLoop(place: Place, ask: Ask): Promise<Outcome> {
  const client = clientOf(place)
  const notes = createNotes()
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: QUESTION }]
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const message = await ask(client, {
      model: place.model,
      max_tokens: MAX_TOKENS,
      messages,
      tools: [TOOL],
      thinking: { type: 'enabled', budget_tokens: 1_024 },
    })
    messages.push({ role: 'assistant', content: message.content })
    const results = resultsOf(message, notes)
    if (results.length === 0) return { text: textOf(message.content), ran: notes.ran }
    messages.push({ role: 'user', content: results })
  }
  throw new Error('The model never came to an end.')
}

function resultsOf(
  { content }: Anthropic.Message,
  notes: ReturnType<typeof createNotes>,
): Anthropic.ToolResultBlockParam[] {
  return content.flatMap((block): Anthropic.ToolResultBlockParam[] => {
    if (block.type !== 'tool_use') return []
    const { name } = block.input as { name?: unknown }
    return [{ type: 'tool_result', tool_use_id: block.id, content: notes.read(name) }]
  })
}

function textOf(content: readonly { readonly type: string; readonly text?: string }[]): string {
  return content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join('')
}

async function toolRunner(place: Place): Promise<Outcome> {
  const notes = createNotes()
  const message = await clientOf(place).beta.messages.toolRunner({
    model: place.model,
    max_tokens: MAX_TOKENS,
    messages: [{ role: 'user', content: QUESTION }],
    tools: [
      betaTool({
        name: TOOL_NAME,
        description: TOOL_DESCRIPTION,
        inputSchema: TOOL_SCHEMA,
        run: ({ name }) => notes.read(name),
      }),
    ],
  })
  return { text: textOf(message.content), ran: notes.ran }
}

export const anthropicLoops: readonly ToolLoop[] = [
  { client: '@anthropic-ai/sdk', run: (place) => messagesLoop(place, (client, body) => client.messages.create(body)) },
  {
    client: '@anthropic-ai/sdk, streamed',
    run: (place) => messagesLoop(place, (client, body) => client.messages.stream(body).finalMessage()),
  },
  { client: '@anthropic-ai/sdk, toolRunner', run: toolRunner },
]
