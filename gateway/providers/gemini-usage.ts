import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { Usage } from '../contract/stream-event.ts'
import { countOf, objectsAt, stringOf } from '../kit/json-fields.ts'

/**
 * `usageMetadata`: thoughts are not among the candidates' tokens, what Google's own tools brought in is not in the prompt's,
 * what came from a cache is. Undefined while it holds no count (Vertex' first chunks only name the kind of traffic).
 */
export function geminiUsage(metadata: JsonObject): Usage | undefined {
  const prompt = countOf(metadata['promptTokenCount'])
  const candidates = countOf(metadata['candidatesTokenCount'])
  const thoughts = countOf(metadata['thoughtsTokenCount'])
  const cacheRead = countOf(metadata['cachedContentTokenCount'])
  if (prompt === undefined && candidates === undefined && thoughts === undefined) return undefined
  return {
    input: (prompt ?? 0) + (countOf(metadata['toolUsePromptTokenCount']) ?? 0),
    output: (candidates ?? 0) + (thoughts ?? 0),
    ...(cacheRead !== undefined && { cacheRead }),
    ...(thoughts !== undefined && { reasoning: thoughts }),
  }
}

/** `logprobsResult` in OpenAI's `content` shape; undefined where there is none. */
export function geminiLogprobs(result: JsonValue | undefined): JsonValue | undefined {
  const chosen = objectsAt(result, 'chosenCandidates')
  if (chosen === undefined || chosen.length === 0) return undefined
  const top = objectsAt(result, 'topCandidates') ?? []
  return chosen.map((token, position) => ({
    ...entry(token),
    top_logprobs: (objectsAt(top[position], 'candidates') ?? []).map(entry),
  }))
}

function entry(token: JsonObject): JsonObject {
  const text = stringOf(token['token']) ?? ''
  const given = token['logProbability']
  // A token that was certain has a probability of one, whose logarithm is left out as the default.
  const logprob = typeof given === 'number' ? given : 0
  return { token: text, logprob, bytes: [...Buffer.from(text)] }
}
