import type { ChatRequest } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { Target } from '../contract/route.ts'
import { compact, without } from '../kit/json-fields.ts'
import { betasFor } from './anthropic-betas.ts'
import { planFormat } from './anthropic-format.ts'
import { conversation } from './anthropic-messages.ts'
import { claudeTraits } from './anthropic-models.ts'
import {
  extraKeys,
  metadataKeys,
  reportSampling,
  samplingKeys,
  serviceTier,
  stopSequences,
} from './anthropic-parameters.ts'
import { outputConfig, planThinking } from './anthropic-thinking.ts'
import { toolKeys } from './anthropic-tools.ts'
import type { Upstream } from './upstream-failure.ts'

export interface AnthropicContext {
  readonly upstream: Upstream
  /** The model's name here; what the model can is told by it. */
  readonly model: string
  /** Keys of `extra` that go out although they are not Anthropic's: what the target's configuration adds to the body. */
  readonly configured?: ReadonlySet<string>
}

/** A Messages body, without `stream`, which is the caller's business (Bedrock and Vertex say it in the path). */
export interface AnthropicBody {
  readonly body: JsonObject
  readonly conversions: readonly Conversion[]
  /** What belongs into `anthropic-beta`, or into `anthropic_beta` of the body where there is no such header. */
  readonly betas: readonly string[]
}

/** Writes a chat as the body of `POST /v1/messages`; a failure of kind `unsupported` where that cannot be done. */
export function anthropicBody(chat: ChatRequest, context: AnthropicContext): AnthropicBody | Failure {
  const { upstream, model, configured = NOTHING } = context
  const traits = claudeTraits(model)
  const conversions: Conversion[] = []
  const { system, messages } = conversation(chat, conversions)
  const { thinking, effort, on, maxTokens } = planThinking(chat, traits, conversions)
  const tools = toolKeys(chat, { upstream, traits, thinking: on, conversions })
  if (isFailure(tools)) return tools
  const { format, instruction } = planFormat(chat, traits, conversions)
  reportSampling(chat, conversions)
  const instructions = instruction === undefined ? system : [...system, { type: 'text', text: instruction }]
  const body = compact({
    model,
    max_tokens: maxTokens,
    system: instructions.length === 0 ? undefined : instructions,
    messages,
    ...tools,
    thinking,
    output_config: outputConfig(chat, { effort, format }),
    ...samplingKeys(chat, traits, { thinking: on, conversions }),
    stop_sequences: stopSequences(chat, conversions),
    metadata: metadataKeys(chat, conversions),
    service_tier: serviceTier(chat, conversions),
    ...extraKeys(chat, configured, conversions),
  })
  return { body, conversions: conversions, betas: betasFor(body, chat.extra) }
}

const NOTHING: ReadonlySet<string> = new Set()

/** What this target's configuration sends on purpose. */
export function configuredKeys(target: Target): ReadonlySet<string> {
  return new Set([...Object.keys(target.params.extraBody), ...target.params.allow])
}

/** Keys that a count of tokens does not take: it generates nothing. */
const ONLY_FOR_ANSWERS: ReadonlySet<string> = new Set([
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'metadata',
  'service_tier',
  'container',
  'diagnostics',
  'inference_geo',
])

/** The body of `POST /v1/messages/count_tokens` for the same chat. */
export function countBody(body: JsonObject): JsonObject {
  return without(body, ONLY_FOR_ANSWERS)
}
