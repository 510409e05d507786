import type Anthropic from '@anthropic-ai/sdk'
import type { Message, MessageCreateParamsNonStreaming } from '@anthropic-ai/sdk/resources/messages'
import { ANY_PARAMETERS, PIXEL, PROMPT, SCHEMA, type Ask } from './ask.ts'
import { numberAt, textAt } from './loose.ts'
import { NoEnd, type Meaning } from './meaning.ts'

/** Anthropic's Messages, read with its own library. */
export async function readMessage(client: Anthropic, ask: Ask): Promise<Meaning> {
  if (!ask.stream) return meaningOf(await client.messages.create(requestOf(ask)))
  const message = await client.messages.stream(requestOf(ask)).finalMessage()
  // The library is content with a stream that only lacks its end.
  if (message.stop_reason === null) throw new NoEnd('The stream ended without a reason.')
  return meaningOf(message)
}

function requestOf({ model, tools, image, format }: Ask): MessageCreateParamsNonStreaming {
  const source = { type: 'base64' as const, media_type: 'image/png' as const, data: PIXEL }
  const text = { type: 'text' as const, text: PROMPT }
  return {
    model,
    max_tokens: 64,
    messages: [{ role: 'user', content: image ? [text, { type: 'image', source }] : PROMPT }],
    ...(tools.length > 0 && { tools: tools.map((name) => ({ name, input_schema: ANY_PARAMETERS })) }),
    ...(format === 'schema' && { output_config: { format: { type: 'json_schema' as const, schema: SCHEMA } } }),
  }
}

function meaningOf({ content, usage, stop_reason: stop, stop_details: details }: Message): Meaning {
  const tools = content
    .filter((block) => block.type === 'tool_use')
    .map(({ name, input }): Meaning['tools'][number] => ({ name, arguments: JSON.parse(JSON.stringify(input)) }))
  const cacheRead = usage.cache_read_input_tokens ?? 0
  const input = usage.input_tokens + cacheRead + (usage.cache_creation_input_tokens ?? 0)
  return {
    others: [],
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    reasoning: content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join(''),
    refusal: textAt(details, 'explanation'),
    tools,
    finish: finishOf(stop ?? '', tools.length > 0),
    usage: {
      input,
      output: usage.output_tokens,
      cacheRead,
      reasoning: numberAt(usage, 'output_tokens_details', 'thinking_tokens') ?? 0,
    },
  }
}

function finishOf(stop: string, called: boolean): string {
  if (stop === 'max_tokens' || stop === 'model_context_window_exceeded') return 'length'
  if (stop === 'refusal') return 'content_filter'
  return called ? 'tool_calls' : 'stop'
}
