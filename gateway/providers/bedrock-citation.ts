import type { JsonObject } from '../contract/json.ts'
import type { Citation } from '../contract/stream-event.ts'
import { arrayOf, objectOf, textAt, textOf } from '../kit/json-fields.ts'

/** Characters of the answer that a citation supports. */
export interface Span {
  readonly startIndex: number
  readonly endIndex: number
}

/** A citation of Converse; its span is where the cited text stands in the answer, since Bedrock only nests them. */
export function readCitation(raw: JsonObject, span: Span | undefined): Citation {
  const url = textAt(objectOf(raw['location'])?.['web'], 'url')
  const title = textOf(raw['title'])
  const quote = arrayOf(raw['sourceContent'])
    .map((content) => textAt(content, 'text') ?? '')
    .join('')
  return {
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(quote !== '' && { quote }),
    ...span,
    maker: 'bedrock',
    raw,
  }
}
