import type { ToolCall } from '../contract/chat.ts'
import type { JsonObject } from '../contract/json.ts'
import { arrayOf, objectOf, textOf } from '../kit/json-fields.ts'

/**
 * Gemini signs tool calls. Google's own OpenAI-compatible endpoint puts the signature into `extra_content` of the call,
 * and clients that know of it send it back there; LiteLLM's put it into `provider_specific_fields`.
 */
export function writeCallSignature({ signature }: Pick<ToolCall, 'signature'>): JsonObject {
  return signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } }
}

/** The signature of a call that a client sends back, wherever it kept it. */
export function readCallSignature(call: JsonObject): Pick<ToolCall, 'signature' | 'maker'> {
  const google = objectOf(objectOf(call.extra_content)?.google)
  const fields = objectOf(call.provider_specific_fields) ?? objectOf(objectOf(call.function)?.provider_specific_fields)
  const signature =
    textOf(google?.thought_signature) ??
    textOf(fields?.thought_signature) ??
    textOf(arrayOf(fields?.thought_signatures)[0])
  return signature === undefined ? {} : { signature, maker: 'google' }
}
