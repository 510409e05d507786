import type { FilePart, Part } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { arrayOf, fieldAt, objectOf, stringOf, textAt, textOf, without } from '../kit/json-fields.ts'

/** Where a block stands in the client's request, and where to state what of it is lost. */
export interface BlockPlace {
  /** `messages[3].content[1]` */
  readonly path: string
  readonly conversions: Conversion[]
}

/** Content as parts: a string is one text part. Blocks that are no content of a message are the caller's. */
export function readContent(content: JsonValue | undefined, place: BlockPlace): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return arrayOf(content).flatMap((block, index) => {
    const at = { ...place, path: `${place.path}[${index}]` }
    return isJsonObject(block) ? readBlock(block, at) : []
  })
}

/** One block of content, of which some become several parts. */
export function readBlock(block: JsonObject, place: BlockPlace): readonly Part[] {
  switch (stringOf(block.type) ?? '') {
    case 'text':
      return [{ type: 'text', text: stringOf(block.text) ?? '', ...extraOf(block, TEXT_KEYS) }]
    case 'image':
      return readImage(block, place)
    case 'document':
      return readDocument(block, place)
    case 'search_result':
      return readSearchResult(block, place)
    case 'tool_reference':
      place.conversions.push(asText(place.path))
      return [{ type: 'text', text: `The tool ${stringOf(block.tool_name) ?? ''} can be called.` }]
    default:
      place.conversions.push(dropped(place.path, 'is of a type that only Anthropic knows', true))
      return []
  }
}

/** The keys of a block that the canonical form has no place for; absent where there are none. */
export function extraOf(block: JsonObject, known: ReadonlySet<string>): { extra?: JsonObject } {
  const extra = without(block, known)
  return Object.keys(extra).length === 0 ? {} : { extra }
}

/** Something of the history that is left out. */
export function dropped(field: string, why: string, matters: boolean): Conversion {
  return { field, did: 'dropped', why, matters }
}

function asText(field: string): Conversion {
  return {
    field,
    did: 'changed',
    why: 'is written as plain text, because only Anthropic knows it as such',
    matters: false,
  }
}

const TEXT_KEYS: ReadonlySet<string> = new Set(['type', 'text'])
const SOURCE_KEYS: ReadonlySet<string> = new Set(['type', 'source'])

function readImage(block: JsonObject, { path, conversions }: BlockPlace): readonly Part[] {
  const { type, data, media_type, url, file_id } = objectOf(block.source) ?? {}
  const extra = extraOf(block, SOURCE_KEYS)
  if (type === 'base64') {
    const source = { base64: stringOf(data) ?? '', mediaType: textOf(media_type) ?? 'image/png' }
    return [{ type: 'image', source, ...extra }]
  }
  if (type === 'url') return [{ type: 'image', source: { url: stringOf(url) ?? '' }, ...extra }]
  // Only the block that it came in says that an uploaded file is a picture.
  if (type === 'file')
    return [{ type: 'file', fileId: stringOf(file_id) ?? '', extra: { ...extra.extra, type: 'image' } }]
  conversions.push(dropped(path, 'is an image from a source that only Anthropic knows', true))
  return []
}

function readDocument(block: JsonObject, place: BlockPlace): readonly Part[] {
  const source = objectOf(block.source)
  switch (stringOf(source?.type) ?? '') {
    case 'base64':
      return [documentPart(block, { data: dataUri(source, textOf(source?.media_type) ?? 'application/pdf') })]
    case 'url':
      return [documentPart(block, { data: stringOf(source?.url) ?? '' })]
    case 'file':
      return [documentPart(block, { fileId: stringOf(source?.file_id) ?? '' })]
    case 'text':
      return readPlainDocument(block, stringOf(source?.data) ?? '')
    case 'content':
      return [...heading(block), ...readContent(source?.content, { ...place, path: `${place.path}.source.content` })]
    default:
      place.conversions.push(dropped(place.path, 'is a document from a source that only Anthropic knows', true))
      return []
  }
}

function dataUri(source: JsonObject | undefined, mediaType: string): string {
  return `data:${mediaType};base64,${stringOf(source?.data) ?? ''}`
}

function documentPart(block: JsonObject, file: Pick<FilePart, 'data' | 'fileId'>): FilePart {
  const filename = textOf(block.title)
  return { type: 'file', ...file, ...(filename !== undefined && { filename }), ...extraOf(block, SOURCE_KEYS) }
}

/**
 * Every model reads plain text, few take files. A document that is to be cited stays one: only its own text can be, and
 * only Anthropic does it.
 */
function readPlainDocument(block: JsonObject, text: string): readonly Part[] {
  if (fieldAt(block.citations, 'enabled') === true) {
    const data = `data:text/plain;base64,${Buffer.from(text).toString('base64')}`
    return [documentPart(block, { data })]
  }
  const cache = block.cache_control === undefined ? {} : { extra: { cache_control: block.cache_control } }
  return [...heading(block), { type: 'text', text, ...cache }]
}

/** What a document's frame says of it, for a model that is shown its text alone. */
function heading(block: JsonObject): readonly Part[] {
  const lines = [textOf(block.title), textOf(block.context)].filter((line) => line !== undefined)
  return lines.length === 0 ? [] : [{ type: 'text', text: lines.join('\n') }]
}

function readSearchResult(block: JsonObject, { path, conversions }: BlockPlace): readonly Part[] {
  const texts = arrayOf(block.content).map((part) => textAt(part, 'text') ?? '')
  const lines = [textOf(block.title), textOf(block.source), ...texts].filter((line) => line !== undefined)
  conversions.push(asText(path))
  const cache = block.cache_control === undefined ? {} : { extra: { cache_control: block.cache_control } }
  return [{ type: 'text', text: lines.join('\n'), ...cache }]
}
