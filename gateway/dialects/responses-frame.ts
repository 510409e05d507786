import type { WriterContext } from '../contract/dialect.ts'
import { isJsonObject, type JsonArray, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { Usage } from '../contract/stream-event.ts'
import { isJsonArray, objectOf } from '../kit/json-fields.ts'
import { writeResponsesUsage } from '../wire/responses-usage.ts'

/** What changes in a response while it is being made. */
export interface ResponseState {
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed'
  readonly output: JsonArray
  readonly incomplete_details?: JsonObject | null
  readonly error?: JsonObject
  readonly usage?: Usage | undefined
}

/**
 * The response object around an answer: its names, and the request's own parameters, which OpenAI repeats with its
 * defaults filled in and typed clients expect.
 */
export class ResponseFrame {
  readonly #context: WriterContext
  readonly #echo: JsonObject
  #model: string

  constructor(context: WriterContext) {
    this.#context = context
    this.#model = context.model
    this.#echo = echoOf(context.body)
  }

  /** The model that the upstream says it is. */
  name(model: string): void {
    if (model !== '') this.#model = model
  }

  response({ status, output, incomplete_details = null, error, usage }: ResponseState): JsonObject {
    const { id, createdS, elapsedMs } = this.#context
    const isOver = status === 'completed'
    return {
      id,
      object: 'response',
      created_at: createdS,
      status,
      background: false,
      completed_at: isOver ? createdS + Math.floor(elapsedMs() / 1_000) : null,
      error: error ?? null,
      incomplete_details,
      ...this.#echo,
      model: this.#model,
      output,
      usage: usage === undefined ? null : writeResponsesUsage(usage),
    }
  }
}

function echoOf(body: JsonObject): JsonObject {
  const text = objectOf(body.text)
  const reasoning = objectOf(body.reasoning)
  return {
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: { effort: reasoning?.effort ?? null, summary: reasoning?.summary ?? null },
    safety_identifier: body.safety_identifier ?? null,
    service_tier: body.service_tier ?? 'auto',
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: { ...text, format: text?.format ?? { type: 'text' } },
    tool_choice: body.tool_choice ?? 'auto',
    tools: toolsOf(body.tools),
    top_logprobs: body.top_logprobs ?? 0,
    top_p: body.top_p ?? 1,
    truncation: body.truncation ?? 'disabled',
    user: body.user ?? null,
    metadata: body.metadata ?? {},
  }
}

function toolsOf(tools: JsonValue | undefined): JsonArray {
  return isJsonArray(tools) ? tools.filter(isJsonObject) : []
}
