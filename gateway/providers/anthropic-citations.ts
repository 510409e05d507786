import type { JsonObject, JsonValue } from '../contract/json.ts'
import type { Citation } from '../contract/stream-event.ts'
import { objectOf, textOf } from '../kit/json-fields.ts'

/** Where in the answer the text lies that citations support. */
export interface Span {
  readonly startIndex: number
  readonly endIndex: number
}

/**
 * One citation of a text block. Those of web pages have an address, those of search results a source that may be one,
 * those of documents only a title.
 */
export function readCitation(value: JsonValue | undefined, span: Span): Citation | undefined {
  const raw = objectOf(value)
  return raw && { ...knownKeys(raw), ...span, maker: 'anthropic', raw }
}

function knownKeys(raw: JsonObject): Pick<Citation, 'url' | 'title' | 'quote'> {
  const source = textOf(raw['source'])
  const url = textOf(raw['url']) ?? (source !== undefined && /^https?:\/\//i.test(source) ? source : undefined)
  const title = textOf(raw['title']) ?? textOf(raw['document_title'])
  const quote = textOf(raw['cited_text'])
  return {
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(quote !== undefined && { quote }),
  }
}
