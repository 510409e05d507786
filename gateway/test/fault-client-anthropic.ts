import Anthropic from '@anthropic-ai/sdk'
import { CALL, CALL_SCHEMA, callText, type FaultClient, type Raised } from './fault-client.ts'

/** Anthropic's own library. */
export const anthropicMessages: FaultClient = {
  name: 'anthropic',
  wire: 'messages',
  judge,
  ask: async ({ url, key, stream, prompt, model, script, begun }, answer, fetch) => {
    const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0, timeout: 20_000, fetch })
    const request = {
      model,
      max_tokens: 2_048,
      messages: [{ role: 'user' as const, content: prompt }],
      ...(script === 'call' && { tools: [{ name: CALL.name, input_schema: { ...CALL_SCHEMA } }] }),
    }
    const take = ({ content, stop_reason: stop, usage }: Anthropic.Message): void => {
      answer.text = content.map((block) => (block.type === 'text' ? block.text : '')).join('')
      answer.thought = content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join('')
      answer.calls = content
        .map((block) => (block.type === 'tool_use' ? callText(block.name, block.input) : ''))
        .join('')
      answer.finish = stop === null ? undefined : (FINISH[stop] ?? stop)
      answer.usage = usage
    }
    if (!stream) {
      take(await client.messages.create(request))
      return
    }
    const events = client.messages.stream(request)
    for await (const event of events) {
      if (event.type !== 'content_block_delta') continue
      begun?.()
      if (event.delta.type === 'text_delta') answer.text += event.delta.text
      if (event.delta.type === 'thinking_delta') answer.thought += event.delta.thinking
    }
    take(await events.finalMessage())
  },
}

const FINISH: Readonly<Record<string, string>> = { end_turn: 'stop', tool_use: 'tool_calls' }

/** Anthropic's page on errors. */
const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  502: 'api_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

interface Envelope {
  readonly type?: unknown
  readonly error?: { readonly type?: unknown; readonly message?: unknown }
}

function judge(error: unknown): Raised {
  if (!(error instanceof Anthropic.APIError)) return { how: 'broken', message: `no API error but ${String(error)}` }
  if (error instanceof Anthropic.APIConnectionError)
    return { how: 'broken', message: `a broken connection: ${error.message}` }
  const body = error.error as Envelope | undefined // the SDK hands it on unread
  const { type, message } = body?.error ?? {}
  return {
    how: error.status === undefined ? 'stream' : 'reply',
    status: error.status,
    message: String(message),
    complaint: complaintOf(body, error.status),
  }
  function complaintOf(envelope: Envelope | undefined, status: number | undefined): string | undefined {
    if (envelope?.type !== 'error' || typeof message !== 'string') return `shape: ${JSON.stringify(envelope)}`
    const known = status === undefined ? Object.values(TYPES) : [TYPES[status]]
    return known.includes(String(type)) ? undefined : `type ${String(type)} with status ${status}`
  }
}
