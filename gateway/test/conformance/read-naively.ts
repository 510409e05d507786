import type { Recording } from './corpus.ts'
import { at, listAt, numberAt, parsed, textAt } from './loose.ts'
import { parsedArguments, SILENCE, type CalledTool, type CountedTokens, type Meaning } from './meaning.ts'

/** An error status, as any HTTP client sees it. */
class StatusError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

function demandSuccess({ status, body }: Recording): void {
  if (status < 400) return
  const text = body.toString('utf8')
  const json = parsed(text)
  throw new StatusError(status, textAt(json, 'error') || textAt(json, 'message') || text)
}

/** Cohere's v2 chat, whose library is not at hand: the whole text at once. */
export async function readCohere(recording: Recording): Promise<Meaning> {
  demandSuccess(recording)
  const text = recording.body.toString('utf8')
  if (recording.framing === 'json') return cohereWhole(text)
  const events = text.split(/\r?\n/).flatMap((line) => (line.startsWith('data: {') ? [parsed(line.slice(5))] : []))
  const messages = events.map((event) => at(event, 'delta', 'message'))
  const end = events.findLast((event) => event['type'] === 'message-end')
  return {
    ...SILENCE,
    text: messages.map((message) => textAt(message, 'content', 'text')).join(''),
    reasoning: messages
      .map((message) => textAt(message, 'content', 'thinking') + textAt(message, 'tool_plan'))
      .join(''),
    tools: cohereCalls(messages),
    finish: cohereFinish(textAt(end, 'delta', 'finish_reason')),
    usage: cohereUsage(at(end, 'delta', 'usage')),
  }
}

function cohereWhole(text: string): Meaning {
  const json = parsed(text)
  const content = listAt(json, 'message', 'content')
  const calls = listAt(json, 'message', 'tool_calls')
  return {
    ...SILENCE,
    text: content.map((part) => textAt(part, 'text')).join(''),
    reasoning: content.map((part) => textAt(part, 'thinking')).join('') + textAt(json, 'message', 'tool_plan'),
    tools: calls.map((call) => ({
      name: textAt(call, 'function', 'name'),
      arguments: parsedArguments(textAt(call, 'function', 'arguments')),
    })),
    finish: cohereFinish(textAt(json, 'finish_reason')),
    usage: cohereUsage(at(json, 'usage')),
  }
}

function cohereCalls(messages: readonly unknown[]): CalledTool[] {
  const calls: { name: string; json: string }[] = []
  for (const piece of messages.map((message) => at(message, 'tool_calls', 'function'))) {
    const name = textAt(piece, 'name')
    if (name !== '') calls.push({ name, json: '' })
    const last = calls.at(-1)
    if (last !== undefined) last.json += textAt(piece, 'arguments')
  }
  return calls.map(({ name, json }) => ({ name, arguments: parsedArguments(json) }))
}

function cohereFinish(word: string): string {
  if (word === 'MAX_TOKENS') return 'length'
  if (word === 'TOOL_CALL') return 'tool_calls'
  return word === 'ERROR_TOXIC' ? 'content_filter' : 'stop'
}

function cohereUsage(usage: unknown): CountedTokens | undefined {
  const input = numberAt(usage, 'tokens', 'input_tokens')
  if (input === undefined) return undefined
  return {
    input,
    output: numberAt(usage, 'tokens', 'output_tokens') ?? 0,
    cacheRead: numberAt(usage, 'cached_tokens') ?? 0,
    reasoning: 0,
  }
}

/** TGI's own `/generate`: an object, or a list of one. */
export async function readTgi(recording: Recording): Promise<Meaning> {
  demandSuccess(recording)
  const json: unknown = JSON.parse(recording.body.toString('utf8'))
  const reply = Array.isArray(json) ? at(json, 0) : json
  return { ...SILENCE, text: textAt(reply, 'generated_text') }
}
