import type { ChatRequest, OutputFormat } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { compact, textsAt } from '../kit/json-fields.ts'
import { ignored, lost, weakened } from './conversions.ts'
import { geminiGeneration } from './gemini-generation.ts'
import { geminiSchema } from './gemini-schema.ts'
import { thinkingConfig } from './gemini-thinking.ts'

/** Google takes no more stop sequences than these. */
const STOP_SEQUENCES = 5

/** `generationConfig`; empty where the client left everything to the model. */
export function generationConfig(chat: ChatRequest, model: string, conversions: Conversion[]): JsonObject {
  const { sampling } = chat
  if (Object.keys(sampling.logitBias ?? {}).length > 0) conversions.push(lost('logit_bias', NO_COUNTERPART))
  if (sampling.minP !== undefined && sampling.minP > 0) conversions.push(ignored('min_p', NO_COUNTERPART))
  return compact({
    temperature: sampling.temperature,
    topP: sampling.topP,
    topK: sampling.topK,
    maxOutputTokens: sampling.maxOutputTokens,
    stopSequences: stopSequences(sampling.stop, conversions),
    seed: sampling.seed,
    presencePenalty: penalty(sampling.presencePenalty, 'presence_penalty', { model, conversions }),
    frequencyPenalty: penalty(sampling.frequencyPenalty, 'frequency_penalty', { model, conversions }),
    candidateCount: sampling.choices === undefined || sampling.choices === 1 ? undefined : sampling.choices,
    responseLogprobs: sampling.logprobs === true ? true : undefined,
    logprobs: sampling.logprobs === true && sampling.topLogprobs !== 0 ? sampling.topLogprobs : undefined,
    responseModalities: textsAt(chat.extra, 'modalities')?.map((name) => name.toUpperCase()),
    ...formatConfig(chat, model, conversions),
    thinkingConfig: thinkingConfig(chat.reasoning, model, conversions),
  })
}

const NO_COUNTERPART = 'has no counterpart at Google'

function stopSequences(stop: readonly string[] | undefined, conversions: Conversion[]): readonly string[] | undefined {
  if (stop === undefined || stop.length === 0) return undefined
  if (stop.length > STOP_SEQUENCES) {
    const why = `has ${stop.length} sequences, and Google takes ${STOP_SEQUENCES}`
    conversions.push(weakened('stop', why))
  }
  return stop.slice(0, STOP_SEQUENCES)
}

/** Gemini 3 answers "Penalty is not enabled for this model". */
function penalty(
  value: number | undefined,
  field: string,
  { model, conversions }: { readonly model: string; readonly conversions: Conversion[] },
): number | undefined {
  if (value === undefined || value === 0) return undefined
  if (geminiGeneration(model) !== '3') return value
  conversions.push(ignored(field, 'is refused by this model'))
  return undefined
}

/** Before Gemini 3, JSON output beside functions is refused ("Function calling with a response mime type"). */
function formatConfig(chat: ChatRequest, model: string, conversions: Conversion[]): JsonObject {
  const { format } = chat
  if (format === undefined) return {}
  if (chat.tools.length > 0 && chat.toolChoice !== 'none' && geminiGeneration(model) !== '3') {
    const why = 'cannot stand beside tools with this model'
    conversions.push(lost('response_format', why))
    return {}
  }
  return { responseMimeType: 'application/json', responseJsonSchema: schemaOf(format) }
}

function schemaOf(format: OutputFormat): JsonValue | undefined {
  return format.type === 'json-schema' ? geminiSchema(format.schema) : undefined
}
