import type { JsonBody, MultipartBody } from '../contract/call.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import type { Provider, VerbatimRoute } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { editTopLevel } from '../kit/json-edit.ts'

/** The client's bytes as they go to one target. */
export interface VerbatimBody {
  readonly bytes: Uint8Array
  /** We ask for usage although the client did not. */
  readonly hideUsage: boolean
}

export interface VerbatimInput {
  readonly body: JsonBody
  readonly route: VerbatimRoute
  readonly target: Target
  readonly provider: Provider
  /** Of the target's parameter rules. */
  readonly edits: JsonObject
  readonly stream: boolean
}

/** The model's name and what rules and the upstream's own refusals ask for change; every other byte stays. */
export function verbatimBody(input: VerbatimInput): VerbatimBody {
  const { body, route, target, provider } = input
  const view = hasKeys(input.edits) ? { ...body.json, ...input.edits } : body.json
  const asksUsage = wantsUsage(view)
  const askForIt = !asksUsage && input.stream && HAS_USAGE_OPTION.has(route) && takesUsageOption(provider)
  const edits: JsonObject = {
    model: target.model,
    ...input.edits,
    ...(askForIt && { stream_options: { ...optionsOf(view), include_usage: true } }),
    ...provider.verbatimEdits?.(view, route, target),
    ...target.params.extraBody,
  }
  const isAsked = isJsonObject(edits['stream_options'])
  return { bytes: apply(body, edits), hideUsage: askForIt && isAsked }
}

/** The same for routes whose bodies are nobody's business here, after the target's parameter rules. */
export function passthroughBody(body: JsonBody, target: Target, edits: JsonObject): Uint8Array {
  return apply(body, { model: target.model, ...edits })
}

/** A form of which only the model's name is ours to change. */
export function passthroughForm({ raw, modelSpan }: MultipartBody, target: Target): Uint8Array {
  if (modelSpan === undefined) return raw
  return Buffer.concat([raw.subarray(0, modelSpan.start), Buffer.from(target.model), raw.subarray(modelSpan.end)])
}

/** True when the client asked for the usage chunk at the end of its stream. */
export function wantsUsage(body: JsonObject): boolean {
  return optionsOf(body)?.['include_usage'] === true
}

/** Routes whose streams tell the usage only when they are asked to (OpenAI's `stream_options`). */
const HAS_USAGE_OPTION: ReadonlySet<VerbatimRoute> = new Set(['chat/completions', 'completions'])

function takesUsageOption(provider: Provider): boolean {
  return provider.unsupportedParams?.includes('stream_options') !== true
}

function optionsOf(body: JsonObject): JsonObject | undefined {
  const options = body['stream_options']
  return isJsonObject(options) ? options : undefined
}

function apply(body: JsonBody, edits: JsonObject): Buffer {
  for (const key in edits) if (edits[key] !== body.json[key]) return editTopLevel(body.raw, edits, body.scan)
  return body.raw
}

function hasKeys(object: JsonObject): boolean {
  for (const _key in object) return true
  return false
}
