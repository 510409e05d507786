import OpenAI from 'openai'
import { CALL, CALL_SCHEMA, callText, type FaultClient, type Raised } from './fault-client.ts'

/** OpenAI's own library, for chat. */
export const openaiChat: FaultClient = {
  name: 'openai',
  wire: 'chat',
  judge,
  ask: async ({ url, key, stream, prompt, model, script, begun }, answer, fetch) => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0, timeout: 20_000, fetch })
    const messages = [{ role: 'user' as const, content: prompt }]
    const tool = { type: 'function' as const, function: { name: CALL.name, parameters: { ...CALL_SCHEMA } } }
    const request = { model, messages, ...(script === 'call' && { tools: [tool] }) }
    if (!stream) {
      const { choices, usage } = await client.chat.completions.create(request)
      const { message, finish_reason: finish } = choices[0] ?? {}
      Object.assign(answer, { text: message?.content ?? '', thought: thoughtIn(message), usage, finish })
      answer.calls = callsOf(message?.tool_calls?.map((call) => (call.type === 'function' ? call.function : undefined)))
      return
    }
    const calls: { name: string; arguments: string }[] = []
    for await (const { choices, usage } of await client.chat.completions.create({ ...request, stream: true })) {
      const { delta, finish_reason: finish } = choices?.[0] ?? {}
      answer.text += delta?.content ?? ''
      answer.thought += thoughtIn(delta)
      for (const { index, function: said } of delta?.tool_calls ?? []) {
        const call = (calls[index] ??= { name: '', arguments: '' })
        call.name += said?.name ?? ''
        call.arguments += said?.arguments ?? ''
      }
      if (answer.text + answer.thought !== '' || calls.length > 0) begun?.()
      answer.finish = finish ?? answer.finish
      answer.usage = usage ?? answer.usage
    }
    if (answer.finish !== undefined) answer.calls = callsOf(calls)
  },
}

/** OpenAI's own library, for Responses. */
export const openaiResponses: FaultClient = {
  name: 'openai',
  wire: 'responses',
  judge,
  ask: async ({ url, key, stream, prompt, model, script, begun }, answer, fetch) => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0, timeout: 20_000, fetch })
    const tool = { type: 'function' as const, name: CALL.name, parameters: { ...CALL_SCHEMA }, strict: false }
    const request = { model, input: prompt, ...(script === 'call' && { tools: [tool] }) }
    if (!stream) {
      const { output, status, usage } = await client.responses.create(request)
      answer.usage = usage
      for (const item of output) {
        if (item.type === 'message')
          answer.text += item.content.map((part) => ('text' in part ? part.text : '')).join('')
        if (item.type === 'reasoning')
          answer.thought += [...item.summary, ...(item.content ?? [])].map(({ text }) => text).join('')
        if (item.type === 'function_call') answer.calls += callText(item.name, item.arguments)
      }
      answer.finish = finishOf(status, answer.calls)
      return
    }
    for await (const event of await client.responses.create({ ...request, stream: true })) {
      if (event.type === 'response.output_text.delta') answer.text += event.delta
      if (event.type === 'response.reasoning_summary_text.delta' || event.type === 'response.reasoning_text.delta')
        answer.thought += event.delta
      if (event.type === 'response.output_item.done' && event.item.type === 'function_call') {
        answer.calls += callText(event.item.name, event.item.arguments)
      }
      if (event.type.endsWith('.delta')) begun?.()
      if (event.type === 'response.failed') throw new Error('The response failed without an error event.')
      if (event.type === 'response.completed') {
        answer.finish = finishOf(event.response.status, answer.calls)
        answer.usage = event.response.usage
      }
    }
  },
}

function finishOf(status: string | undefined, calls: string): string | undefined {
  if (status !== 'completed') return undefined
  return calls === '' ? 'stop' : 'tool_calls'
}

/** Not a field of OpenAI's, so not one of its library's types. */
function thoughtIn(message: object | undefined): string {
  const { reasoning_content: thought } = (message ?? {}) as { readonly reasoning_content?: string | null }
  return thought ?? ''
}

function callsOf(calls: readonly ({ readonly name: string; readonly arguments: string } | undefined)[] = []): string {
  return calls.map((call) => (call === undefined ? '' : callText(call.name, call.arguments))).join('')
}

/** An error has OpenAI's shape, whether it stands in a reply or in a stream. */
function judge(error: unknown): Raised {
  if (!(error instanceof OpenAI.APIError)) return { how: 'broken', message: `no API error but ${String(error)}` }
  if (error instanceof OpenAI.APIConnectionError)
    return { how: 'broken', message: `a broken connection: ${error.message}` }
  const shape = error.error as Readonly<Record<string, unknown>> | undefined // the SDK hands it on unread
  const missing = typeof shape?.['message'] !== 'string' || typeof shape['type'] !== 'string' || !('code' in shape)
  return {
    how: error.status === undefined ? 'stream' : 'reply',
    status: error.status,
    message: String(shape?.['message']),
    complaint: missing ? `shape: ${JSON.stringify(shape)}` : undefined,
  }
}
