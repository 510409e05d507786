import type { JsonObject } from '../contract/json.ts'
import type { Citation } from '../contract/stream-event.ts'

/**
 * Sources as OpenAI tells them: `annotations` of type `url_citation`. Sources without an address (a page of a document
 * that the client sent) have no place there; they go where LiteLLM's clients look for them, as their maker wrote them.
 */
export function citationFields(citations: readonly Citation[]): JsonObject {
  const annotations = citations.flatMap(({ url, title, startIndex, endIndex }): JsonObject[] => {
    if (url === undefined) return []
    const span = { start_index: startIndex ?? 0, end_index: endIndex ?? startIndex ?? 0 }
    return [{ type: 'url_citation', url_citation: { ...span, url, title: title ?? '' } }]
  })
  const others = citations.filter(({ url }) => url === undefined).map(({ raw }) => raw)
  return {
    ...(annotations.length === 0 ? {} : { annotations }),
    ...(others.length === 0 ? {} : { provider_specific_fields: { citations: others } }),
  }
}
