import type { Conversion } from '../contract/conversion.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { Provider } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'

/** Whose policy it is that what cannot be carried over is left out: the target's, or this one request's. */
export function mayDrop(target: Target, body: JsonObject): boolean {
  return target.params.dropUnsupported || body['drop_params'] === true
}

/** The refusal of a request of which something that matters would be lost; undefined where nothing would. */
export function refusedConversion(conversions: readonly Conversion[], provider: Provider): Failure | undefined {
  const lost = conversions.filter(({ matters }) => matters)
  const [first] = lost
  if (first === undefined) return undefined
  const sentences = lost
    .slice(0, limits.namesInMessage)
    .map(({ field, why }) => `${field.slice(0, limits.quotedNameChars)} ${why}`)
    .join('; ')
  return {
    kind: 'unsupported',
    status: 400,
    code: 'unsupported_parameter',
    type: 'invalid_request_error',
    param: first.field.slice(0, limits.quotedNameChars),
    message: `${provider.label} cannot be asked this: ${sentences}. Leave ${lost.length === 1 ? 'it' : 'them'} out, use a model that can, or set drop_params: true to go on without.`,
  }
}

/** For the header: `seed (dropped), tools[2] (changed)`. */
export function conversionsText(conversions: readonly Conversion[]): string {
  return conversions.map(({ field, did }) => `${field} (${did})`).join(', ')
}
