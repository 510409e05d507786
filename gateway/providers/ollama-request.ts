import type { ChatRequest, CompletionRequest, EmbeddingsRequest, Sampling, Tool } from '../contract/chat.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { Target } from '../contract/route.ts'
import { compact } from '../kit/json-fields.ts'
import { ollamaMessages } from './ollama-messages.ts'
import { ollamaFormat, ollamaSettings, ollamaThink } from './ollama-options.ts'
import { unsupported, type Upstream } from './upstream-failure.ts'

/** What a body is written for. `stream` is always said, because Ollama streams unless told not to. */
export interface OllamaContext {
  readonly upstream: Upstream
  readonly model: string
  readonly stream: boolean
  /** What the model can do, where that is known. */
  readonly capabilities: Target['capabilities']
}

/** The body of `POST /api/chat`. */
export function ollamaChatBody(chat: ChatRequest, context: OllamaContext): JsonObject | Failure {
  const { upstream, model, stream, capabilities } = context
  const refused = refusedChoices(chat.sampling, upstream)
  if (refused !== undefined) return refused
  const messages = ollamaMessages(chat, upstream)
  if (isFailure(messages)) return messages
  const tools = offeredTools(chat)
  // Ollama refuses to be asked for thoughts where the model has none; the answer is what matters.
  const mayThink = capabilities === undefined || capabilities.includes('reasoning')
  return compact({
    model,
    messages,
    tools: tools.length === 0 ? undefined : tools.map(writeTool),
    format: ollamaFormat(chat.format),
    think: mayThink ? ollamaThink(chat.reasoning, model) : undefined,
    ...ollamaSettings(chat.sampling, chat.extra),
    stream,
  })
}

/** The body of `POST /api/generate`; with a `suffix` the model fills in the middle. */
export function ollamaGenerateBody(
  request: CompletionRequest,
  { upstream, model, stream }: OllamaContext,
): JsonObject | Failure {
  const refused = refusedChoices(request.sampling, upstream)
  if (refused !== undefined) return refused
  const [prompt, ...others] = request.prompts
  if (others.length > 0) return unsupported(upstream, 'takes one prompt per request. Send one request for each.')
  if (request.echo) return unsupported(upstream, 'cannot repeat the prompt. Leave out `echo`.')
  return compact({
    model,
    prompt: (prompt ?? '') + (request.prefill ?? ''),
    suffix: request.suffix,
    // Text to be continued must not be wrapped into a chat template; filling in the middle needs the template's marks.
    raw: request.prefill === undefined || request.suffix !== undefined ? undefined : true,
    ...ollamaSettings(request.sampling, request.extra),
    stream,
  })
}

/** The body of `POST /api/embed`. */
export function ollamaEmbedBody(
  request: EmbeddingsRequest,
  { upstream, model }: Pick<OllamaContext, 'upstream' | 'model'>,
): JsonObject | Failure {
  const texts = request.inputs.filter((input) => typeof input === 'string')
  if (texts.length < request.inputs.length)
    return unsupported(upstream, 'embeds text, not tokens. Send strings as input.')
  const { options, keep_alive, truncate } = ollamaSettings({}, request.extra)
  return compact({ model, input: texts, dimensions: request.dimensions, truncate, options, keep_alive })
}

function refusedChoices(sampling: Sampling, upstream: Upstream): Failure | undefined {
  if (sampling.choices === undefined || sampling.choices === 1) return undefined
  return unsupported(upstream, 'gives one answer per request. Leave out `n`, or ask several times.')
}

/**
 * Ollama has no `tool_choice`. `none` is kept by offering no tools, a named tool by offering only that one; that some
 * tool must be called cannot be enforced, so `required` is served like `auto`.
 */
function offeredTools(chat: ChatRequest): readonly Tool[] {
  const { toolChoice } = chat
  if (toolChoice === 'none') return []
  if (typeof toolChoice !== 'object') return chat.tools
  return chat.tools.filter((tool) => tool.name === toolChoice.name)
}

function writeTool(tool: Tool): JsonObject {
  return {
    type: 'function',
    function: compact({
      name: tool.name,
      description: tool.description,
      parameters: tool.parameters ?? { type: 'object', properties: {} },
    }),
  }
}
