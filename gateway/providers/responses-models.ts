import type { Target } from '../contract/route.ts'

/** LiteLLM's way to say that a model is reached over the Responses API: `openai/responses/gpt-5-pro`. */
const PREFIX = 'responses/'

/**
 * OpenAI's models that chat completions refuse. From the model pages of its documentation, and from what its client
 * library lists for the Responses API alone: the pro tiers, deep research, Codex, computer use, and gated specialists.
 */
const RESPONSES_ONLY =
  /^(?:ft:)?(?:o\d+-pro|gpt-\d+(?:\.\d+)?-pro|codex-|computer-use-|gpt-daybreak-)|-deep-research|-codex(?:-|$)|-cyber(?:-|$)|-rosalind(?:-|$)/

/** Models that think, by name; only they can be asked for encrypted reasoning. `gpt-5-chat` does not think. */
const REASONING = /^(?:ft:)?(?:o\d+(?:-|$)|gpt-(?:[5-9]|\d{2,})(?!\d*(?:\.\d+)?-chat)|codex-|computer-use-)/

/** The model's name on the wire, without the prefix that only chooses the wire. */
export function responsesModel({ model }: Pick<Target, 'model'>): string {
  return model.startsWith(PREFIX) ? model.slice(PREFIX.length) : model
}

/** True where the configuration says so: by the prefix, or by LiteLLM's `model_info.mode`. */
export function saysResponses({ model, mode }: Pick<Target, 'model' | 'mode'>): boolean {
  return model.startsWith(PREFIX) || mode === 'responses'
}

/** True for OpenAI's models that exist nowhere else. */
export function isResponsesOnly(model: string): boolean {
  return RESPONSES_ONLY.test(model)
}

/** True for OpenAI's reasoning models. */
export function isReasoningModel(model: string): boolean {
  return REASONING.test(model)
}
