import type { JsonObject } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { Citation } from '../contract/stream-event.ts'
import { arrayOf, compact, countOf, objectOf, objectsAt, textAt } from '../kit/json-fields.ts'

/**
 * Sources of an answer: `groundingMetadata` (one citation for every source of every supported passage, or for every source
 * where no passage is told) and `citationMetadata`. Google counts in bytes of UTF-8; `text` is the answer so far, to count
 * in characters.
 */
export function citationsOf(candidate: JsonObject, text: string): readonly Citation[] {
  const counted = new Counted(text)
  const grounding = objectOf(candidate['groundingMetadata'])
  const quoted = objectOf(candidate['citationMetadata'])
  const found = [
    ...(grounding === undefined ? [] : groundingCitations(grounding, counted)),
    // Google's two APIs have two names for it.
    ...(objectsAt(quoted, 'citationSources') ?? objectsAt(quoted, 'citations') ?? []).map((source) =>
      sourceCitation(source, counted),
    ),
  ]
  return found.slice(0, limits.answerCitations)
}

function groundingCitations(grounding: JsonObject, counted: Counted): readonly Citation[] {
  const chunks = arrayOf(grounding['groundingChunks']).map(objectOf)
  const supports = (objectsAt(grounding, 'groundingSupports') ?? []).slice(0, limits.answerCitations)
  const supported = supports.flatMap((support) => {
    const segment = objectOf(support['segment']) ?? {}
    const range = counted.range(segment)
    return arrayOf(support['groundingChunkIndices']).flatMap((index) => {
      const chunk = typeof index === 'number' ? chunks[index] : undefined
      return chunk === undefined ? [] : [{ ...sourceOf(chunk), ...range, raw: { segment, groundingChunk: chunk } }]
    })
  })
  if (supported.length > 0) return supported
  return chunks.flatMap((chunk) =>
    chunk === undefined ? [] : [{ ...sourceOf(chunk), raw: { groundingChunk: chunk } }],
  )
}

function sourceOf(chunk: JsonObject): Omit<Citation, 'raw'> {
  const source = objectOf(chunk['web']) ?? objectOf(chunk['retrievedContext']) ?? objectOf(chunk['maps']) ?? {}
  return cited(textAt(source, 'uri'), textAt(source, 'title'), textAt(source, 'text'))
}

function cited(url: string | undefined, title: string | undefined, quote: string | undefined): Omit<Citation, 'raw'> {
  return {
    ...(url !== undefined && { url }),
    ...(title !== undefined && { title }),
    ...(quote !== undefined && { quote }),
    maker: 'google',
  }
}

function sourceCitation(source: JsonObject, counted: Counted): Citation {
  return {
    ...cited(textAt(source, 'uri'), textAt(source, 'title'), undefined),
    ...counted.range(source),
    raw: compact(source),
  }
}

interface Range {
  readonly startIndex?: number
  readonly endIndex?: number
}

/** A text whose bytes and characters are both known. */
class Counted {
  readonly #text: string
  readonly #bytes: Buffer

  constructor(text: string) {
    this.#text = text
    this.#bytes = Buffer.from(text)
  }

  /** Characters from bytes; nothing where they cannot be those of the passage that is told beside them. */
  range(segment: JsonObject): Range {
    const endByte = countOf(segment['endIndex'])
    const passage = textAt(segment, 'text')
    if (endByte === undefined) return {}
    const startIndex = this.#characters(countOf(segment['startIndex']) ?? 0)
    const endIndex = this.#characters(endByte)
    if (passage === undefined || this.#text.slice(startIndex, endIndex) === passage) return { startIndex, endIndex }
    // Bytes may count from the beginning of one of several parts.
    const found = this.#text.indexOf(passage)
    return found === -1 ? {} : { startIndex: found, endIndex: found + passage.length }
  }

  #characters(bytes: number): number {
    return this.#bytes.toString('utf8', 0, bytes).length
  }
}
