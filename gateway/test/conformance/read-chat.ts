import type OpenAI from 'openai'
import type { ChatCompletionCreateParams } from 'openai/resources/chat/completions'
import { ANY_PARAMETERS, PIXEL, PROMPT, SCHEMA, type Ask } from './ask.ts'
import { at, countOf, listAt, numberAt, textAt } from './loose.ts'
import { parsedArguments, type CalledTool, type CountedTokens, type Meaning } from './meaning.ts'

/**
 * Whose words are expected: OpenAI's own, as a program that was written for OpenAI reads them, or also those that other
 * servers put in the same places.
 */
export type Manners = 'official' | 'any'

/** Chat completions, read with OpenAI's library. */
export async function readChat(client: OpenAI, ask: Ask, manners: Manners): Promise<Meaning> {
  if (!ask.stream) return meaningOf([await client.chat.completions.create(requestOf(ask))], 'message', manners)
  const stream_options = { include_usage: true }
  const chunks: unknown[] = []
  const stream = await client.chat.completions.create({ ...requestOf(ask), stream: true, stream_options })
  for await (const chunk of stream) chunks.push(chunk)
  return meaningOf(chunks, 'delta', manners)
}

function requestOf({ model, tools, image, format }: Ask): ChatCompletionCreateParams & { stream?: false } {
  const picture = { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${PIXEL}` } }
  const text = { type: 'text' as const, text: PROMPT }
  return {
    model,
    messages: [{ role: 'user', content: image ? [text, picture] : PROMPT }],
    ...(tools.length > 0 && {
      tools: tools.map((name) => ({ type: 'function' as const, function: { name, parameters: ANY_PARAMETERS } })),
    }),
    ...(format === 'json' && { response_format: { type: 'json_object' as const } }),
    ...(format === 'schema' && {
      response_format: { type: 'json_schema' as const, json_schema: { name: 'weather', schema: SCHEMA, strict: true } },
    }),
  }
}

function meaningOf(objects: readonly unknown[], key: 'message' | 'delta', manners: Manners): Meaning {
  const choices = objects.flatMap((object) => listAt(object, 'choices')).filter((choice) => !at(choice, 'index'))
  const messages = choices.map((choice) => at(choice, key))
  const tools = [...toolsOf(messages, manners), ...legacyCall(messages)]
  const finish = choices.map((choice) => textAt(choice, 'finish_reason')).findLast((reason) => reason !== '')
  const counted = objects.map((object) => usageOf(object, manners)).findLast((usage) => usage !== undefined)
  return {
    others: [],
    text: messages.map((message) => partsText(at(message, 'content'), 'text', manners)).join(''),
    reasoning: messages.map((message) => thoughtOf(message, manners)).join(''),
    refusal: messages.map((message) => textAt(message, 'refusal')).join(''),
    tools,
    finish: finish === undefined || manners === 'official' ? finish : officialFinish(finish, tools.length > 0),
    usage: counted,
  }
}

function thoughtOf(message: unknown, manners: Manners): string {
  const official = textAt(message, 'reasoning_content')
  if (official !== '' || manners === 'official') return official
  return textAt(message, 'reasoning') || partsText(at(message, 'content'), 'thinking', manners)
}

/** Mistral's content is a list of texts and thoughts where the model reasons. */
function partsText(content: unknown, type: 'text' | 'thinking', manners: Manners): string {
  if (typeof content === 'string') return type === 'text' ? content : ''
  if (manners === 'official' || !Array.isArray(content)) return ''
  return content
    .filter((part) => at(part, 'type') === type)
    .map((part) => textAt(part, 'text') || partsText(at(part, 'thinking'), 'text', manners))
    .join('')
}

/** Ids are compared as JSON: some servers number their calls. */
const NO_ID = '""'

function toolsOf(messages: readonly unknown[], manners: Manners): CalledTool[] {
  const calls: { id: string; index: number; name: string; text: string; value: unknown }[] = []
  for (const delta of messages.flatMap((message) => listAt(message, 'tool_calls'))) {
    const id = JSON.stringify(at(delta, 'id') ?? '')
    const index = numberAt(delta, 'index') ?? calls.length
    // Some servers give every call the index 0, and tell them apart by their ids alone.
    const isSame = (call: { id: string }): boolean => id === NO_ID || call.id === id || call.id === NO_ID
    const known = calls.find((call) => call.index === index && (manners === 'official' || isSame(call)))
    const call = known ?? { id, index, name: '', text: '', value: undefined }
    if (known === undefined) calls.push(call)
    if (call.name === '') call.name = textAt(delta, 'function', 'name')
    const given = at(delta, 'function', 'arguments')
    if (typeof given === 'string') call.text += given
    else if (manners === 'any' && given !== undefined && given !== null) call.value = given
  }
  return calls.map(({ name, text, value }) => ({ name, arguments: value ?? parsedArguments(text) }))
}

function legacyCall(messages: readonly unknown[]): CalledTool[] {
  const pieces = messages.map((message) => at(message, 'function_call')).filter((piece) => piece instanceof Object)
  if (pieces.length === 0) return []
  const text = pieces.map((piece) => textAt(piece, 'arguments')).join('')
  return [{ name: pieces.map((piece) => textAt(piece, 'name')).join(''), arguments: parsedArguments(text) }]
}

function officialFinish(raw: string, called: boolean): string {
  const word = ['eos', 'eos_token', 'stop_sequence', 'stop', 'COMPLETE'].includes(raw) ? 'stop' : raw
  return word === 'stop' && called ? 'tool_calls' : word
}

function usageOf(object: unknown, manners: Manners): CountedTokens | undefined {
  const usage = at(object, 'usage') ?? (manners === 'any' ? at(object, 'x_groq', 'usage') : undefined)
  return chatUsage(usage, manners)
}

/** `usage` of chat and completions. */
export function chatUsage(usage: unknown, manners: Manners): CountedTokens | undefined {
  const input = numberAt(usage, 'prompt_tokens')
  const output = numberAt(usage, 'completion_tokens')
  if (input === undefined && output === undefined) return undefined
  const others =
    manners === 'any' ? [numberAt(usage, 'prompt_cache_hit_tokens'), numberAt(usage, 'num_cached_tokens')] : []
  return {
    input: input ?? 0,
    output: output ?? 0,
    cacheRead: countOf(numberAt(usage, 'prompt_tokens_details', 'cached_tokens'), ...others),
    reasoning: countOf(
      numberAt(usage, 'completion_tokens_details', 'reasoning_tokens'),
      manners === 'any' ? numberAt(usage, 'reasoning_tokens') : undefined,
    ),
  }
}
