import type { JsonObject } from '../../contract/json.ts'
import { listOf, SAID_TOKENS, textIn, type Said, type UpstreamWire } from './upstream-wire.ts'

/** OpenAI's Responses, as OpenAI and vLLM serve them. */
export const responsesWire: UpstreamWire = {
  name: 'responses',
  serves: (path) => path.split('?')[0]?.endsWith('/responses') ?? false,
  hear: (body) => ({
    stream: body['stream'] === true,
    tools: listOf(body['tools']).map((tool) => textIn(tool['name'] ?? tool['type'])),
    results: listOf(body['input'])
      .filter((item) => textIn(item['type']).endsWith('_call_output'))
      .map((item) => textIn(item['output'])),
  }),
  say: (said, { stream, id }) =>
    stream
      ? { contentType: 'text/event-stream', pieces: streamed(said, id) }
      : { contentType: 'application/json', pieces: [JSON.stringify(response(said, { status: 'completed', id }))] },
}

function itemsOf({ text, calls = [] }: Said, replyId: string): readonly JsonObject[] {
  const message = { id: `msg_${replyId}`, type: 'message', role: 'assistant', status: 'completed' }
  return [
    ...(text === undefined ? [] : [{ ...message, content: [{ type: 'output_text', text, annotations: [] }] }]),
    ...calls.map(({ id, name, input }) => ({
      id: `fc_${id}`,
      type: 'function_call',
      call_id: id,
      name,
      arguments: JSON.stringify(input),
      status: 'completed',
    })),
  ]
}

interface Frame {
  readonly status: 'in_progress' | 'completed'
  readonly id: string
}

function response(said: Said, { status, id }: Frame): JsonObject {
  const usage = {
    input_tokens: SAID_TOKENS.input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: SAID_TOKENS.output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: SAID_TOKENS.input + SAID_TOKENS.output,
  }
  const isOver = status === 'completed'
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: 1_700_000_000,
    status,
    error: null,
    incomplete_details: null,
    model: 'said',
    output: isOver ? [...itemsOf(said, id)] : [],
    parallel_tool_calls: true,
    tool_choice: 'auto',
    tools: [],
    usage: isOver ? usage : null,
  }
}

function streamed(said: Said, id: string): string[] {
  const events = [
    { type: 'response.created', response: response(said, { status: 'in_progress', id }) },
    ...itemsOf(said, id).flatMap((item, index) => itemEvents(item, index)),
    { type: 'response.completed', response: response(said, { status: 'completed', id }) },
  ]
  return events.map(
    (event, at) => `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: at })}\n\n`,
  )
}

interface ResponsesEvent {
  readonly type: string
  readonly [key: string]: unknown
}

function itemEvents(item: JsonObject, index: number): readonly ResponsesEvent[] {
  const at = { output_index: index, item_id: item['id'] }
  const done = { type: 'response.output_item.done', output_index: index, item }
  if (item['type'] === 'function_call') {
    const begun = { ...item, arguments: '', status: 'in_progress' }
    return [
      { type: 'response.output_item.added', output_index: index, item: begun },
      { type: 'response.function_call_arguments.delta', ...at, delta: item['arguments'] },
      { type: 'response.function_call_arguments.done', ...at, arguments: item['arguments'] },
      done,
    ]
  }
  const [part = {}] = listOf(item['content'])
  const place = { ...at, content_index: 0 }
  return [
    { type: 'response.output_item.added', output_index: index, item: { ...item, content: [], status: 'in_progress' } },
    { type: 'response.content_part.added', ...place, part: { ...part, text: '' } },
    { type: 'response.output_text.delta', ...place, delta: part['text'], logprobs: [] },
    { type: 'response.output_text.done', ...place, text: part['text'], logprobs: [] },
    { type: 'response.content_part.done', ...place, part },
    done,
  ]
}
