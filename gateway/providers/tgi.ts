import type { JsonObject } from '../contract/json.ts'
import type { Provider } from '../contract/provider.ts'
import { withVersion } from './base-url.ts'
import { compact, numberOf, objectOf } from '../kit/json-fields.ts'
import { openaiCompatible } from './openai-compatible.ts'

/**
 * Text Generation Inference. Nothing passes verbatim: old versions give arguments as objects, ids as numbers and finish
 * reasons of their own, and clients for OpenAI break on each.
 */
export const tgi: Provider = openaiCompatible({
  id: 'tgi',
  label: 'TGI',
  baseUrl: 'http://127.0.0.1:8080/v1',
  baseUrlEnv: ['TGI_API_BASE'],
  keyEnv: ['TGI_API_KEY', 'HF_TOKEN'],
  keyRequired: false,
  locality: 'device',
  normaliseBaseUrl: withVersion,
  verbatim: [],
  quirks: { emptyContent: '', strictTools: false, adjust: tgiBody },
  embeddings: false,
})

/** A chat body within TGI's stricter rules: borders of sampling values are refused, and JSON needs a schema. */
export function tgiBody(body: JsonObject): JsonObject {
  const topP = numberOf(body['top_p'])
  const temperature = numberOf(body['temperature'])
  return compact({
    ...body,
    // 0 < top_p < 1; at the border nothing is cut, which is what leaving it out means.
    top_p: topP !== undefined && topP > 0 && topP < 1 ? topP : undefined,
    // Without a temperature TGI is greedy, which is what 0 asks for.
    temperature: temperature !== undefined && temperature > 0 ? temperature : undefined,
    response_format: grammar(objectOf(body['response_format'])),
  })
}

/** TGI's grammar has the schema under `value`. All versions know this form, only the latest know OpenAI's. */
function grammar(format: JsonObject | undefined): JsonObject | undefined {
  if (format === undefined) return undefined
  const schema = objectOf(objectOf(format['json_schema'])?.['schema'])
  return { type: 'json_object', value: schema ?? objectOf(format['value']) ?? { type: 'object' } }
}
