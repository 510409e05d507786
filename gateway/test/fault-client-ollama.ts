import { Ollama } from 'ollama'
import { CALL, CALL_SCHEMA, callText, type FaultClient, type Raised } from './fault-client.ts'

/** Ollama's own library. */
export const ollamaChat: FaultClient = {
  name: 'ollama',
  wire: 'ollama',
  judge,
  ask: async ({ url, key, stream, prompt, model, script, begun }, answer, fetch) => {
    const client = new Ollama({ host: url, headers: { authorization: `Bearer ${key}` }, fetch })
    const tool = {
      type: 'function',
      function: { name: CALL.name, parameters: { type: 'object', properties: { ...CALL_SCHEMA.properties } } },
    }
    const request = {
      model,
      messages: [{ role: 'user', content: prompt }],
      ...(script === 'call' && { tools: [tool] }),
    }
    const parts = stream
      ? await client.chat({ ...request, stream: true })
      : [await client.chat({ ...request, stream: false })]
    for await (const part of parts) {
      answer.text += part.message.content
      answer.thought += part.message.thinking ?? ''
      for (const call of part.message.tool_calls ?? [])
        answer.calls += callText(call.function.name, call.function.arguments)
      if (answer.text + answer.thought + answer.calls !== '') begun?.()
      if (!part.done) continue
      answer.finish = part.done_reason === 'stop' && answer.calls !== '' ? 'tool_calls' : part.done_reason
      answer.usage = { input: part.prompt_eval_count, output: part.eval_count }
    }
  },
}

/** What the library says by itself when a stream just ends. */
const NOT_SAID = /did not receive done/i

/** `{"error": "text"}`: the library's own class for a reply, and a plain error in a stream. */
function judge(error: unknown): Raised {
  if (!(error instanceof Error)) return { how: 'broken', message: `no error but ${String(error)}` }
  const { name, message } = error
  if (name === 'ResponseError' && 'status_code' in error) {
    const isText = 'error' in error && typeof error.error === 'string'
    return {
      how: 'reply',
      status: Number(error.status_code),
      message,
      complaint: isText ? undefined : 'shape: error is no text',
    }
  }
  if (error.constructor !== Error || NOT_SAID.test(message)) return { how: 'broken', message: `${name}: ${message}` }
  return { how: 'stream', message }
}
