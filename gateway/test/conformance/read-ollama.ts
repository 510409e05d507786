import type { ChatResponse, GenerateResponse, Ollama, Tool } from 'ollama'
import { ANY_PARAMETERS, PIXEL, PROMPT, SCHEMA, type Ask } from './ask.ts'
import { NoEnd, SILENCE, type CalledTool, type CountedTokens, type Meaning } from './meaning.ts'

/** Ollama's `/api/chat`, read with its own library. */
export async function readOllamaChat(client: Ollama, { model, stream, tools, image, format }: Ask): Promise<Meaning> {
  const request = {
    model,
    messages: [{ role: 'user', content: PROMPT, ...(image && { images: [PIXEL] }) }],
    ...(tools.length > 0 && { tools: tools.map(toolOf) }),
    ...(format !== 'text' && { format: format === 'json' ? 'json' : SCHEMA }),
  }
  const parts: ChatResponse[] = []
  if (!stream) parts.push(await client.chat({ ...request, stream: false }))
  else for await (const part of await client.chat({ ...request, stream: true })) parts.push(part)
  const called = parts.flatMap(({ message }) => message.tool_calls ?? [])
  const calls = called.map((call): CalledTool => ({ name: call.function.name, arguments: call.function.arguments }))
  return {
    ...SILENCE,
    ...endOf(parts.at(-1), calls.length > 0),
    text: parts.map(({ message }) => message.content).join(''),
    reasoning: parts.map(({ message }) => message.thinking ?? '').join(''),
    tools: calls,
  }
}

/** Ollama's `/api/generate`, read with its own library. */
export async function readOllamaGenerate(client: Ollama, { model, stream }: Ask): Promise<Meaning> {
  const request = { model, prompt: PROMPT, raw: true }
  const parts: GenerateResponse[] = []
  if (!stream) parts.push(await client.generate({ ...request, stream: false }))
  else for await (const part of await client.generate({ ...request, stream: true })) parts.push(part)
  return {
    ...SILENCE,
    ...endOf(parts.at(-1), false),
    text: parts.map((part) => part.response ?? '').join(''),
    reasoning: parts.map((part) => part.thinking ?? '').join(''),
  }
}

function toolOf(name: string): Tool {
  return { type: 'function', function: { name, description: '', parameters: ANY_PARAMETERS } }
}

function endOf(
  last: ChatResponse | GenerateResponse | undefined,
  called: boolean,
): { readonly finish: string; readonly usage: CountedTokens | undefined } {
  if (last?.done !== true) throw new NoEnd('The stream ended without `done`.')
  const { prompt_eval_count: input, eval_count: output, done_reason: reason } = last
  const isCounted = input !== undefined || output !== undefined
  return {
    finish: reason === 'length' ? 'length' : called ? 'tool_calls' : 'stop',
    usage: isCounted ? { input: input ?? 0, output: output ?? 0, cacheRead: 0, reasoning: 0 } : undefined,
  }
}
