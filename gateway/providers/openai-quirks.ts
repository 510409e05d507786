import type { JsonObject } from '../contract/json.ts'
import type { Target } from '../contract/route.ts'

/**
 * How one OpenAI-compatible upstream differs from OpenAI's documented wire. Everything is optional: an upstream with no
 * quirks gets plain `chat/completions` as most servers understand it.
 */
export interface Quirks {
  /** The key of the output limit. OpenAI's own reasoning models refuse `max_tokens`, most other servers know only it. */
  readonly maxTokensKey?: 'max_tokens' | 'max_completion_tokens'
  readonly seedKey?: 'seed' | 'random_seed'
  /** False where `stream_options` is refused: usage then comes unasked, or not at all. */
  readonly streamOptions?: boolean
  /** True where the `developer` role is known; elsewhere it is sent as `system`. */
  readonly developerRole?: boolean
  /** True where message content must be one string: parts of text are joined. */
  readonly joinText?: boolean
  /** False where unknown keys of a message are refused: `name`, `annotations`, `reasoning_details`... */
  readonly messageExtras?: boolean
  /** True where `cache_control` on a part is passed on to the model's maker. */
  readonly cacheMarks?: boolean
  /** False where `strict` in a tool is refused. */
  readonly strictTools?: boolean
  /** The word for "call some tool". */
  readonly requiredTool?: 'required' | 'any'
  /** What an assistant message without text says. Strict servers refuse null. */
  readonly emptyContent?: null | ''
  /** True where a tool result must name its function. */
  readonly toolName?: boolean
  /** The key under which reasoning is handed back inside a tool loop, where the upstream insists on having it. */
  readonly replayReasoning?: 'reasoning_content'
  /**
   * How reasoning is asked for: OpenAI's `reasoning_effort` (the default), `thinking: {type}`, or the chat template's
   * `enable_thinking` of servers for open models.
   */
  readonly reasoning?: 'effort' | 'thinking' | 'chat-template'
  /** The model's name in the configuration -> its name on this wire. */
  modelName?(model: string): string
  /** Our tool call id -> the one that this upstream accepts. */
  toolId?(id: string): string
  /** Marks the assistant message that is to be continued, and says so at the top level. */
  readonly prefill?: { readonly message: JsonObject; readonly body: JsonObject }
  /** Last word on a chat body, for the rules that are no flags. */
  adjust?(body: JsonObject): JsonObject
}

/** Quirks may depend on the target: `openai` is OpenAI itself only at OpenAI's own address. */
export type QuirksOf = (target: Target) => Quirks
