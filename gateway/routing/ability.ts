import type { Capability } from '../contract/provider.ts'
import type { Operation } from '../contract/route.ts'

/** LiteLLM's `model_info.mode` of deployments that generate text. */
const TEXT_MODES = new Set(['chat', 'completion', 'completions', 'responses'])
/** LiteLLM's other modes, as far as they are certainly not text. */
const OTHER_MODES = new Set([
  'embedding',
  'embeddings',
  'image_generation',
  'audio_transcription',
  'audio_speech',
  'rerank',
  'moderation',
  'ocr',
])

/**
 * Whether a deployment's stated mode goes with what is asked. Only certain mismatches are refused: a mode that is not
 * known, and whatever is passed through verbatim, is left to the upstream.
 */
export function servesOperation(mode: string | undefined, operation: Operation): boolean {
  if (mode === undefined || operation === 'passthrough') return true
  if (operation === 'embeddings') return !TEXT_MODES.has(mode)
  return !OTHER_MODES.has(mode)
}

/**
 * What is needed and known to be missing; nothing, where the capabilities are not known. Two exceptions: runners call
 * the same ability `chat` or `completion`, and reasoning is a wish, which a model that cannot fulfils without it.
 */
export function missingCapabilities(
  capabilities: readonly Capability[] | undefined,
  needs: readonly Capability[],
): readonly Capability[] {
  if (capabilities === undefined) return []
  return needs.filter((need) => need !== 'reasoning' && !alternatives(need).some((one) => capabilities.includes(one)))
}

function alternatives(need: Capability): readonly Capability[] {
  return need === 'chat' || need === 'completion' ? ['chat', 'completion'] : [need]
}
