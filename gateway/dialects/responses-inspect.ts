import type { ChatRequest } from '../contract/chat.ts'
import type { Dialect } from '../contract/dialect.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { Capability } from '../contract/provider.ts'
import { arrayOf, numberOf, stringOf } from '../kit/json-fields.ts'
import { checkModel } from './openai-parameters.ts'
import { checkInput } from './responses-check-input.ts'
import { checkResponsesParameters } from './responses-check-parameters.ts'
import { checkResponsesTools } from './responses-check-tools.ts'
import { readTools } from './responses-tools.ts'
import { estimateTokens } from './token-estimate.ts'

/** Refuses what no upstream could serve, with OpenAI's `param` path; unknown keys and types are nobody's business here. */
export function inspectResponses(body: JsonObject): ReturnType<Dialect<ChatRequest>['inspect']> {
  const failure = checkModel(body) ?? checkInput(body) ?? checkResponsesTools(body) ?? checkResponsesParameters(body)
  if (failure !== undefined) return failure
  const media = new Set<JsonValue | undefined>()
  const prose = arrayOf(body.input).map((item) => withoutMedia(item, media))
  return {
    model: stringOf(body.model) ?? '',
    operation: 'chat',
    stream: body.stream === true,
    needs: needsOf(body, media),
    promptTokensEstimate: estimateTokens(stringOf(body.input) ?? prose, body.instructions, body.tools),
    maxOutputTokens: numberOf(body.max_output_tokens),
  }
}

/** Tools that OpenAI runs are no need: a model without them still answers. Those that the client forbids are none either. */
function needsOf(body: JsonObject, media: ReadonlySet<JsonValue | undefined>): Capability[] {
  const needs: Capability[] = []
  if (body.tool_choice !== 'none' && readTools(body).tools.length > 0) needs.push('tools')
  if (media.has('input_image')) needs.push('vision')
  if (media.has('input_audio')) needs.push('audio')
  return needs
}

const MEDIA: ReadonlySet<JsonValue | undefined> = new Set(['input_image', 'input_file', 'input_audio'])
/** What the estimate takes for a picture, whatever the length of its base64. */
const PICTURE: JsonObject = { type: 'file' }

/** The item with media and blobs taken out, so that the rest can be measured by its length; `seen` gets their types. */
function withoutMedia(item: JsonValue, seen: Set<JsonValue | undefined>): JsonValue {
  if (!isJsonObject(item)) return item
  const replace = (parts: JsonValue | undefined): JsonValue | undefined =>
    Array.isArray(parts) ? arrayOf(parts).map((part) => pictureFor(part, seen)) : parts
  return { ...item, content: replace(item.content), output: replace(item.output), encrypted_content: undefined }
}

function pictureFor(part: JsonValue, seen: Set<JsonValue | undefined>): JsonValue {
  if (!isJsonObject(part) || !MEDIA.has(part.type)) return part
  seen.add(part.type)
  return PICTURE
}
