import type { ServerResponse } from 'node:http'
import { converseBytes } from '../providers/test/event-stream-bytes.ts'
import { ollamaStream, openAiJson, openAiStream, type ReceivedRequest } from './scripted-upstream.ts'

/** What an upstream says in its own wire: whole, and as a stream. */
export interface WireReply {
  readonly type: string
  readonly body: string | Buffer
}

/** Any upstream that is asked in its own wire: what it answers is told by the path alone, and says the same text. */
export function wireReply({ path, text: asked }: Pick<ReceivedRequest, 'path' | 'text'>, text: string): WireReply {
  const route = path.split('?')[0] ?? ''
  const stream = /"stream":\s*true/.test(asked)
  if (/count[-_]?tokens(?::rawPredict)?$/i.test(route)) return json({ input_tokens: 7, inputTokens: 7, totalTokens: 7 })
  if (route.endsWith('/token')) return json({ access_token: 'ya29.test', expires_in: 3_600, token_type: 'Bearer' })
  if (route.endsWith('/messages')) return stream ? events(anthropicEvents(text)) : json(anthropicMessage(text))
  if (/rawPredict$/i.test(route)) return stream ? events(anthropicEvents(text)) : json(anthropicMessage(text))
  if (route.endsWith(':streamGenerateContent')) return events([gemini(text)])
  if (route.endsWith(':generateContent')) return json(gemini(text))
  if (route.endsWith(':predict')) return json({ predictions: [{ embeddings: { values: [0.5] } }] })
  if (route.endsWith('/invoke')) return json({ ...anthropicMessage(text), embedding: [0.5], inputTextTokenCount: 1 })
  if (route.endsWith('/converse-stream')) return frames(text)
  if (route.endsWith('/converse')) return json(converse(text))
  if (route.endsWith('/v2/chat')) return stream ? events(cohereEvents(text)) : json(cohereMessage(text))
  if (route.endsWith('/responses')) return stream ? events(responsesEvents(text)) : json(wholeResponse(text))
  if (route.endsWith('/api/generate')) return { type: 'application/x-ndjson', body: generated(text) }
  if (route.endsWith('/api/chat')) return { type: 'application/x-ndjson', body: ollamaStream(text) }
  if (/embed/i.test(route)) return json(embeddings(route))
  return stream
    ? { type: 'text/event-stream', body: openAiStream(text) }
    : { type: 'application/json', body: openAiJson(text) }
}

/** Answers with {@link wireReply}. */
export function answerInWire(text: string): (request: ReceivedRequest, response: ServerResponse) => void {
  return (request, response) => {
    const { type, body } = wireReply(request, text)
    response.writeHead(200, { 'content-type': type }).end(body)
  }
}

function json(body: object): WireReply {
  return { type: 'application/json', body: JSON.stringify(body) }
}

/** Each event with its own name, where it has one. */
function events(list: readonly object[]): WireReply {
  const text = list.map((event) => {
    const name = 'type' in event ? `event: ${String(event.type)}\n` : ''
    return `${name}data: ${JSON.stringify(event)}\n\n`
  })
  return { type: 'text/event-stream', body: text.join('') }
}

function anthropicMessage(text: string): object {
  return {
    id: 'msg_up',
    type: 'message',
    role: 'assistant',
    model: 'up',
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 5, output_tokens: 7 },
  }
}

function anthropicEvents(text: string): readonly object[] {
  const start = { ...anthropicMessage(text), content: [], stop_reason: null }
  return [
    { type: 'message_start', message: start },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 7 } },
    { type: 'message_stop' },
  ]
}

function gemini(text: string): object {
  return {
    candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 7, totalTokenCount: 12 },
  }
}

function converse(text: string): object {
  return {
    output: { message: { role: 'assistant', content: [{ text }] } },
    stopReason: 'end_turn',
    usage: { inputTokens: 5, outputTokens: 7, totalTokens: 12 },
    metrics: { latencyMs: 1 },
  }
}

function frames(text: string): WireReply {
  const body = converseBytes([
    ['messageStart', { role: 'assistant' }],
    ['contentBlockDelta', { contentBlockIndex: 0, delta: { text } }],
    ['contentBlockStop', { contentBlockIndex: 0 }],
    ['messageStop', { stopReason: 'end_turn' }],
    ['metadata', { usage: { inputTokens: 5, outputTokens: 7, totalTokens: 12 }, metrics: { latencyMs: 1 } }],
  ])
  return { type: 'application/vnd.amazon.eventstream', body }
}

function cohereMessage(text: string): object {
  return {
    id: 'up',
    finish_reason: 'COMPLETE',
    message: { role: 'assistant', content: [{ type: 'text', text }] },
    usage: { tokens: { input_tokens: 5, output_tokens: 7 } },
  }
}

function cohereEvents(text: string): readonly object[] {
  const usage = { tokens: { input_tokens: 5, output_tokens: 7 } }
  return [
    { type: 'message-start', id: 'up', delta: { message: { role: 'assistant', content: [] } } },
    { type: 'content-start', index: 0, delta: { message: { content: { type: 'text', text: '' } } } },
    { type: 'content-delta', index: 0, delta: { message: { content: { text } } } },
    { type: 'content-end', index: 0 },
    { type: 'message-end', delta: { finish_reason: 'COMPLETE', usage } },
  ]
}

function wholeResponse(text: string, status = 'completed'): object {
  const content = [{ type: 'output_text', text, annotations: [], logprobs: [] }]
  return {
    id: 'resp_up',
    object: 'response',
    created_at: 1_700_000_000,
    status,
    model: 'up',
    error: null,
    incomplete_details: null,
    output: [{ id: 'msg_up', type: 'message', role: 'assistant', status, content }],
    usage: { input_tokens: 5, output_tokens: 7, total_tokens: 12 },
  }
}

function responsesEvents(text: string): readonly object[] {
  const place = { output_index: 0, content_index: 0, item_id: 'msg_up' }
  const item = { id: 'msg_up', type: 'message', role: 'assistant', status: 'in_progress', content: [] }
  return [
    { type: 'response.created', response: { ...wholeResponse('', 'in_progress'), output: [], usage: null } },
    { type: 'response.output_item.added', output_index: 0, item },
    { type: 'response.content_part.added', ...place, part: { type: 'output_text', text: '', annotations: [] } },
    { type: 'response.output_text.delta', ...place, delta: text },
    { type: 'response.output_text.done', ...place, text },
    { type: 'response.completed', response: wholeResponse(text) },
  ]
}

function generated(text: string): string {
  const done = { response: '', done: true, done_reason: 'stop', prompt_eval_count: 5, eval_count: 7 }
  return [{ response: text, done: false }, done].map((line) => `${JSON.stringify({ model: 'up', ...line })}\n`).join('')
}

function embeddings(route: string): object {
  const values = [0.5, 0.25]
  if (route.endsWith('/v2/embed'))
    return { embeddings: { float: [values] }, meta: { billed_units: { input_tokens: 1 } } }
  if (route.endsWith('/api/embed')) return { model: 'up', embeddings: [values], prompt_eval_count: 1 }
  return {
    object: 'list',
    model: 'up',
    data: [{ object: 'embedding', index: 0, embedding: values }],
    embeddings: [{ values }],
    usage: { prompt_tokens: 1, total_tokens: 1 },
  }
}
