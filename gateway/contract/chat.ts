import type { Conversion } from './conversion.ts'
import type { JsonObject, JsonValue } from './json.ts'

/**
 * The canonical request: what every client dialect is read into and every upstream is written from.
 * Immutable; a translation reads it and never edits it. There is no `stream` here: how the client wants its
 * answer is the business of the dialect that writes it.
 */
export interface ChatRequest {
  /** The name that the client asked for: an alias, `provider/model`, or a runner's own name. */
  readonly model: string
  readonly messages: readonly Message[]
  readonly tools: readonly Tool[]
  readonly toolChoice: ToolChoice | undefined
  readonly parallelToolCalls: boolean | undefined
  readonly sampling: Sampling
  readonly format: OutputFormat | undefined
  readonly reasoning: ReasoningRequest | undefined
  /** The end user's opaque id, where the client sent one. */
  readonly user: string | undefined
  /**
   * The beginning of the assistant's answer, which the model must continue without repeating it.
   * Set by the engine when a cut stream is continued; only sent to providers with `prefill: true`.
   */
  readonly prefill: string | undefined
  /** Keys that the canonical form has no place for, as the client sent them (top level only). */
  readonly extra: JsonObject
  /** Keys of `extra` that only an upstream of the client's own wire understands (Ollama's `options`). Absent: none. */
  readonly nativeKeys?: readonly string[]
  /** Tools that the upstream itself runs (web search, code execution), as the client stated them. Absent: none. */
  readonly hostedTools?: readonly HostedTool[]
  /** What the dialect could not put into this form. Absent: nothing. */
  readonly conversions?: readonly Conversion[]
}

/** Whose wire a thing that nobody else can read belongs to: hosted tools, signatures, encrypted reasoning. */
export type Maker = 'anthropic' | 'google' | 'openai' | 'bedrock'

export interface HostedTool {
  readonly maker: Maker
  /** The maker's own word: `web_search_20250305`, `web_search`, `googleSearch`. */
  readonly type: string
  /** The whole entry of the client's `tools`, to be sent unchanged to its maker. */
  readonly definition: JsonObject
}

export type Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage

export interface SystemMessage {
  readonly role: 'system'
  /** `developer` where the client said so: newer OpenAI models distinguish, others treat it as system. */
  readonly as: 'system' | 'developer'
  readonly content: readonly Part[]
  readonly name: string | undefined
}

export interface UserMessage {
  readonly role: 'user'
  readonly content: readonly Part[]
  readonly name: string | undefined
}

export interface AssistantMessage {
  readonly role: 'assistant'
  readonly content: readonly Part[]
  readonly reasoning: readonly ReasoningPart[]
  readonly toolCalls: readonly ToolCall[]
  readonly refusal: string | undefined
  readonly name: string | undefined
  /** Unknown keys of the message (`audio`, `annotations`, `reasoning_details`, `prefix`...), as sent. */
  readonly extra: JsonObject
}

export interface ToolMessage {
  readonly role: 'tool'
  readonly toolCallId: string
  readonly content: readonly Part[]
  /** The function's name, where the client sent it; else look it up from the assistant's call by id. */
  readonly name: string | undefined
  /** The tool failed, and its content says why (Anthropic's `is_error`, Bedrock's `status`). */
  readonly isError?: boolean
  /** Unknown keys of the message, such as `cache_control`. */
  readonly extra?: JsonObject
}

export type Part = TextPart | ImagePart | AudioPart | FilePart

export interface TextPart {
  readonly type: 'text'
  readonly text: string
  /** Unknown keys of the part, such as `cache_control`. */
  readonly extra?: JsonObject
}

export interface ImagePart {
  readonly type: 'image'
  readonly source: { readonly url: string } | { readonly base64: string; readonly mediaType: string }
  readonly detail?: string
  readonly extra?: JsonObject
}

export interface AudioPart {
  readonly type: 'audio'
  readonly base64: string
  /** The container as OpenAI names it: `wav`, `mp3`. */
  readonly format: string
}

export interface FilePart {
  readonly type: 'file'
  readonly fileId?: string
  readonly filename?: string
  /** A data URI or URL, as the client sent it. */
  readonly data?: string
  /** Unknown keys of the part: `cache_control`, Anthropic's `title`, `context` and `citations`. */
  readonly extra?: JsonObject
}

export interface ReasoningPart {
  readonly text: string
  readonly signature?: string
  /** Encrypted reasoning that only its maker can read; replayed unchanged. */
  readonly redacted?: string
  /** Who signed or encrypted it: nobody else is sent it. Absent: unknown, so it is offered to whoever is asked. */
  readonly maker?: Maker
  /** The item's id at its maker, where it has one (`rs_...`). */
  readonly id?: string
}

export interface ToolCall {
  readonly id: string
  readonly name: string
  /** Exactly what the model produced: usually, but not always, valid JSON. */
  readonly argumentsJson: string
  /** Gemini's `thoughtSignature`: it must come back on the same call, byte for byte. */
  readonly signature?: string
  readonly maker?: Maker
  /** Unknown keys of the call, such as `cache_control`. */
  readonly extra?: JsonObject
}

export interface Tool {
  readonly name: string
  readonly description: string | undefined
  /** JSON Schema of the arguments; an absent one means "no arguments". */
  readonly parameters: JsonObject | undefined
  readonly strict: boolean | undefined
  /** Unknown keys of the tool: `cache_control`, `defer_loading`, `input_examples`. */
  readonly extra?: JsonObject
}

export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string }

/** Undefined means: the client did not say, so the upstream's own default holds. */
export interface Sampling {
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly minP?: number
  readonly seed?: number
  readonly stop?: readonly string[]
  readonly maxOutputTokens?: number
  readonly presencePenalty?: number
  readonly frequencyPenalty?: number
  readonly logitBias?: JsonObject
  readonly logprobs?: boolean
  readonly topLogprobs?: number
  /** How many answers; only upstreams that speak the client's own dialect can give more than one. */
  readonly choices?: number
}

export type OutputFormat =
  | { readonly type: 'json' }
  | {
      readonly type: 'json-schema'
      readonly name: string
      readonly schema: JsonObject
      readonly strict: boolean | undefined
    }

export interface ReasoningRequest {
  /** `none`, `minimal`, `low`, `medium`, `high`, `xhigh`... as the client said it. */
  readonly effort?: string
  readonly budgetTokens?: number
  readonly enabled?: boolean
}

/** A legacy or fill-in-the-middle completion. */
export interface CompletionRequest {
  readonly model: string
  /** Text prompts; more than one asks for one choice each. Token arrays go only to verbatim upstreams. */
  readonly prompts: readonly string[]
  readonly suffix: string | undefined
  readonly echo: boolean
  readonly sampling: Sampling
  readonly user: string | undefined
  /** As in {@link ChatRequest.prefill}: text already sent to the client, to be continued. */
  readonly prefill: string | undefined
  readonly extra: JsonObject
  /** As in {@link ChatRequest.nativeKeys}. */
  readonly nativeKeys?: readonly string[]
}

export interface EmbeddingsRequest {
  readonly model: string
  readonly inputs: readonly string[] | readonly (readonly number[])[]
  readonly dimensions: number | undefined
  readonly encoding: 'float' | 'base64'
  readonly user: string | undefined
  readonly extra: JsonObject
  /** As in {@link ChatRequest.nativeKeys}. */
  readonly nativeKeys?: readonly string[]
}

export interface EmbeddingsReply {
  readonly model: string
  readonly vectors: readonly (readonly number[])[]
  readonly inputTokens: number | undefined
}

/** Free-form details that a reader passes through without understanding them, such as logprobs. */
export type Opaque = JsonValue
