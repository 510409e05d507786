import OpenAI from 'openai'
import {
  createNotes,
  MOST_TURNS,
  nameIn,
  QUESTION,
  TOOL_DESCRIPTION,
  TOOL_NAME,
  TOOL_SCHEMA,
  type Outcome,
  type Place,
  type ToolLoop,
} from './tool-loop.ts'

type Message = OpenAI.ChatCompletionMessageParam
type Item = OpenAI.Responses.ResponseInputItem

const CHAT_TOOL: OpenAI.ChatCompletionTool = {
  type: 'function',
  function: { name: TOOL_NAME, description: TOOL_DESCRIPTION, parameters: TOOL_SCHEMA },
}
const RESPONSES_TOOL: OpenAI.Responses.FunctionTool = {
  type: 'function',
  name: TOOL_NAME,
  description: TOOL_DESCRIPTION,
  parameters: TOOL_SCHEMA,
  strict: true,
}

function clientOf({ url, key }: Place): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 })
}

/** A message of the assistant with nothing but what OpenAI's own wire has, as programs that know no gateway keep it. */
function standardOnly({ content, tool_calls: calls = [] }: OpenAI.ChatCompletionMessage): Message {
  return {
    role: 'assistant',
    content,
    ...(calls.length > 0 && {
      tool_calls: calls.flatMap((call) => {
        if (call.type !== 'function') return []
        const { name, arguments: argumentsJson } = call.function
        return [{ id: call.id, type: call.type, function: { name, arguments: argumentsJson } }]
      }),
    }),
  }
}

interface Question {
  readonly model: string
  readonly messages: Message[]
  readonly tools: OpenAI.ChatCompletionTool[]
  readonly reasoning_effort: 'low'
}

type Ask = (client: OpenAI, body: Question) => Promise<OpenAI.ChatCompletionMessage>

async function chatLoop(place: Place, ask: Ask): Promise<Outcome> {
  const client = clientOf(place)
  const notes = createNotes()
  const messages: Message[] = [{ role: 'user', content: QUESTION }]
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const message = await ask(client, { model: place.model, messages, tools: [CHAT_TOOL], reasoning_effort: 'low' })
    messages.push(standardOnly(message))
    const calls = message.tool_calls ?? []
    if (calls.length === 0) return { text: message.content ?? '', ran: notes.ran }
    for (const call of calls) {
      if (call.type !== 'function') continue
      messages.push({ role: 'tool', tool_call_id: call.id, content: notes.read(nameIn(call.function.arguments)) })
    }
  }
  throw new Error('The model never came to an end.')
}

const askWhole: Ask = async (client, body) => {
  const { choices } = await client.chat.completions.create(body)
  return messageOf(choices)
}

const askStreamed: Ask = async (client, body) => {
  const { choices } = await client.chat.completions.stream(body).finalChatCompletion()
  return messageOf(choices)
}

function messageOf(choices: readonly OpenAI.ChatCompletion.Choice[]): OpenAI.ChatCompletionMessage {
  const message = choices[0]?.message
  if (message === undefined) throw new Error('There is no choice in the answer.')
  return message
}

async function runTools(place: Place): Promise<Outcome> {
  const notes = createNotes()
  const runner = clientOf(place).chat.completions.runTools({
    model: place.model,
    messages: [{ role: 'user', content: QUESTION }],
    stream: true,
    tools: [
      {
        type: 'function',
        function: {
          name: TOOL_NAME,
          description: TOOL_DESCRIPTION,
          parameters: TOOL_SCHEMA,
          parse: (text: string) => nameIn(text),
          function: (name: unknown) => notes.read(name),
        },
      },
    ],
  })
  return { text: (await runner.finalContent()) ?? '', ran: notes.ran }
}

/** Sends the whole conversation again, the items of the answer as they were given. */
async function responsesLoop(place: Place): Promise<Outcome> {
  const client = clientOf(place)
  const notes = createNotes()
  const input: Item[] = [{ role: 'user', content: QUESTION }]
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const response = await client.responses
      .stream({
        model: place.model,
        input,
        tools: [RESPONSES_TOOL],
        store: false,
        include: ['reasoning.encrypted_content'],
        reasoning: { effort: 'low', summary: 'auto' },
      })
      .finalResponse()
    // What the SDK adds for the reader of an answer is no part of the item.
    input.push(...response.output.map((item) => withoutParsed(item)))
    const results = resultsOf(response, notes)
    if (results.length === 0) return { text: response.output_text, ran: notes.ran }
    input.push(...results)
  }
  throw new Error('The model never came to an end.')
}

function withoutParsed(item: OpenAI.Responses.ResponseOutputItem): Item {
  const { parsed_arguments: _parsed, ...rest } = item as unknown as Record<string, unknown>
  return rest as unknown as Item
}

/** Sends only what is new, and names the response that it goes on from. */
async function previousLoop(place: Place): Promise<Outcome> {
  const client = clientOf(place)
  const notes = createNotes()
  let input: Item[] = [{ role: 'user', content: QUESTION }]
  let previous: string | undefined
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const response: OpenAI.Responses.Response = await client.responses.create({
      model: place.model,
      input,
      tools: [RESPONSES_TOOL],
      reasoning: { effort: 'low' },
      ...(previous !== undefined && { previous_response_id: previous }),
    })
    const results = resultsOf(response, notes)
    if (results.length === 0) return { text: response.output_text, ran: notes.ran }
    input = results
    previous = response.id
  }
  throw new Error('The model never came to an end.')
}

function resultsOf(response: OpenAI.Responses.Response, notes: ReturnType<typeof createNotes>): Item[] {
  return response.output.flatMap((item): Item[] => {
    if (item.type !== 'function_call') return []
    const output = notes.read(nameIn(item.arguments))
    return [{ type: 'function_call_output', call_id: item.call_id, output }]
  })
}

export const openaiLoops: readonly ToolLoop[] = [
  { client: 'openai chat', run: (place) => chatLoop(place, askWhole) },
  { client: 'openai chat, streamed', run: (place) => chatLoop(place, askStreamed) },
  { client: 'openai chat, runTools', run: runTools },
  { client: 'openai responses, streamed', run: responsesLoop },
]

/** Upstreams that speak Responses themselves, and so keep them themselves; the scripted one does not. */
export const KEPT_BY_UPSTREAM: ReadonlySet<string> = new Set(['on-verbatim', 'on-vllm', 'on-azure'])

/** Needs a gateway that keeps responses, or an upstream that does. */
export const openaiPreviousLoop: ToolLoop = { client: 'openai responses, previous_response_id', run: previousLoop }
