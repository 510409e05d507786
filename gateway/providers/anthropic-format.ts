import type { ChatRequest } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject } from '../contract/json.ts'
import type { ClaudeTraits } from './anthropic-models.ts'
import { closedSchema } from './anthropic-schema.ts'
import { changed, weakened } from './conversions.ts'

/** How the form of the answer is asked for: held by the API, or asked for in words at the end of `system`. */
export interface FormatPlan {
  /** `output_config.format`. */
  readonly format?: JsonObject
  readonly instruction?: string
}

const JSON_ONLY = 'Answer with JSON and nothing else: no words around it and no code fence.'

/** `response_format`. Anthropic has no word for "any JSON", and older models none for a schema. */
export function planFormat(chat: ChatRequest, traits: ClaudeTraits, conversions: Conversion[]): FormatPlan {
  const { format } = chat
  if (format === undefined) return {}
  if (format.type === 'json') {
    conversions.push(
      changed('response_format', 'is asked for in words, because Anthropic holds an answer only to a schema'),
    )
    return { instruction: `${JSON_ONLY} Its outermost value is an object.` }
  }
  const { schema, loosened, faithful } = closedSchema(format.schema)
  if (!traits.schema || !faithful) {
    const subject = faithful ? 'this model is not held to a schema' : 'Anthropic knows no free keys and no recursion'
    askInWords(format.strict === true, `is asked for in words, because ${subject}`, conversions)
    return { instruction: `${JSON_ONLY} It must match this JSON Schema: ${JSON.stringify(format.schema)}` }
  }
  if (loosened) {
    const why = 'has limits that Anthropic does not enforce; the model is told them in words'
    conversions.push(changed('response_format.json_schema.schema', why))
  }
  return { format: { type: 'json_schema', schema } }
}

function askInWords(strict: boolean, why: string, conversions: Conversion[]): void {
  if (strict) conversions.push(weakened('response_format', why))
  else conversions.push(changed('response_format', why))
}
