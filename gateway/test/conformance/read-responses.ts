import type OpenAI from 'openai'
import type {
  Response,
  ResponseCreateParamsNonStreaming,
  ResponseOutputItem,
} from 'openai/resources/responses/responses'
import { ANY_PARAMETERS, PIXEL, PROMPT, SCHEMA, type Ask } from './ask.ts'
import { at, textAt } from './loose.ts'
import { NoEnd, parsedArguments, type CalledTool, type Meaning } from './meaning.ts'

/** Responses, read with OpenAI's library; what was streamed must be what the last event says. */
export async function readResponse(client: OpenAI, ask: Ask): Promise<Meaning> {
  if (!ask.stream) return meaningOf(await client.responses.create(requestOf(ask)))
  const items: ResponseOutputItem[] = []
  let text = ''
  let last: Response | undefined
  for await (const event of await client.responses.create({ ...requestOf(ask), stream: true })) {
    if (event.type === 'error') throw new Error(event.message ?? textAt(event, 'error', 'message'))
    if (event.type === 'response.output_text.delta') text += event.delta
    if (event.type === 'response.output_item.done') items.push(event.item)
    if (
      event.type === 'response.completed' ||
      event.type === 'response.incomplete' ||
      event.type === 'response.failed'
    ) {
      last = event.response
    }
  }
  if (last === undefined) throw new NoEnd('The stream ended without a last event.')
  // Some servers leave the items out of their last event.
  const meaning = meaningOf({ ...last, output: last.output.length > 0 ? last.output : items })
  if (text !== meaning.text)
    throw new Error(`The deltas say ${text.slice(0, 80)}, the end ${meaning.text.slice(0, 80)}`)
  return meaning
}

function requestOf({ model, tools, image, format }: Ask): ResponseCreateParamsNonStreaming {
  const picture = { type: 'input_image' as const, detail: 'auto' as const, image_url: `data:image/png;base64,${PIXEL}` }
  const text = { type: 'input_text' as const, text: PROMPT }
  return {
    model,
    input: image ? [{ role: 'user', content: [text, picture] }] : PROMPT,
    ...(tools.length > 0 && {
      tools: tools.map((name) => ({ type: 'function' as const, name, parameters: ANY_PARAMETERS, strict: false })),
    }),
    ...(format === 'json' && { text: { format: { type: 'json_object' as const } } }),
    ...(format === 'schema' && {
      text: { format: { type: 'json_schema' as const, name: 'weather', schema: SCHEMA, strict: true } },
    }),
  }
}

function meaningOf(response: Response): Meaning {
  const { output, usage, status, incomplete_details: details, error } = response
  if (status === 'failed') throw new Error(error?.message ?? 'The response failed.')
  const tools = output.flatMap(toolOf)
  const cut = details?.reason === 'content_filter' ? 'content_filter' : 'length'
  return {
    others: [],
    text: output.map((item) => contentOf(item, 'text')).join(''),
    reasoning: output.map(thoughtOf).join(''),
    refusal: output.map((item) => contentOf(item, 'refusal')).join(''),
    tools,
    finish: status === 'incomplete' ? cut : tools.length > 0 ? 'tool_calls' : 'stop',
    usage: usage && {
      input: usage.input_tokens,
      output: usage.output_tokens,
      cacheRead: usage.input_tokens_details?.cached_tokens ?? 0,
      reasoning: usage.output_tokens_details?.reasoning_tokens ?? 0,
    },
  }
}

function contentOf(item: ResponseOutputItem, what: 'text' | 'refusal'): string {
  return item.type === 'message' ? item.content.map((part) => textAt(part, what)).join('') : ''
}

function thoughtOf(item: ResponseOutputItem): string {
  if (item.type !== 'reasoning') return ''
  return [...(item.summary ?? []), ...(item.content ?? [])].map(({ text }) => text).join('\n\n')
}

function toolOf(item: ResponseOutputItem): CalledTool[] {
  if (item.type === 'function_call') return [{ name: item.name, arguments: parsedArguments(item.arguments) }]
  if (item.type === 'custom_tool_call') return [{ name: item.name, arguments: { input: at(item, 'input') } }]
  return []
}
