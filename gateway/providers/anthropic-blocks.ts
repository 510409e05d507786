import type { FilePart, ImagePart, Part, TextPart } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import type { JsonObject, JsonValue } from '../contract/json.ts'
import { compact, stringOf } from '../kit/json-fields.ts'
import { lost } from './conversions.ts'

/** The content blocks of these parts; `field` is where they stand in the client's request. */
export function contentBlocks(parts: readonly Part[], field: string, conversions: Conversion[]): readonly JsonObject[] {
  return parts
    .map((part, index) => block(part, `${field}[${index}]`, conversions))
    .filter((written) => written !== undefined)
}

function block(part: Part, field: string, conversions: Conversion[]): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return textBlock(part)
    case 'image':
      return imageBlock(part, field, conversions)
    case 'file':
      return fileBlock(part, field, conversions)
    case 'audio':
    default:
      conversions.push(lost(field, 'is audio, which Claude does not hear'))
      return undefined
  }
}

/** Text without anything visible is refused, so there is no block for it. */
function textBlock(part: TextPart): JsonObject | undefined {
  if (part.text.trim() === '') return undefined
  return compact({ type: 'text', text: part.text, ...ownKeys(part.extra, TEXT_KEYS) })
}

const TEXT_KEYS = ['cache_control', 'citations']
const IMAGE_KEYS = ['cache_control', 'transformations']
const DOCUMENT_KEYS = ['cache_control', 'citations', 'title', 'context']

/** Of the unknown keys of a part those that are Anthropic's; others would be refused. */
export function ownKeys(extra: JsonObject | undefined, keys: readonly string[]): JsonObject {
  if (extra === undefined) return {}
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(extra, key)).map((key) => [key, extra[key]]))
}

function imageBlock(part: ImagePart, field: string, conversions: Conversion[]): JsonObject | undefined {
  const source = 'url' in part.source ? sourceOfUrl(part.source.url) : part.source
  if (source === undefined) {
    conversions.push(lost(field, 'is no image that could be read: send a data: URI with base64, or a web address'))
    return undefined
  }
  if ('url' in source) return image({ type: 'url', url: source.url }, part.extra)
  const mediaType = IMAGE_NAMES[source.mediaType] ?? source.mediaType
  if (!IMAGE_TYPES.has(mediaType)) {
    conversions.push(lost(field, `is ${mediaType}, and Claude sees only JPEG, PNG, GIF and WebP`))
    return undefined
  }
  return image({ type: 'base64', media_type: mediaType, data: source.base64 }, part.extra)
}

function image(source: JsonObject, extra: JsonObject | undefined): JsonObject {
  return compact({ type: 'image', source, ...ownKeys(extra, IMAGE_KEYS) })
}

const IMAGE_TYPES: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])
const IMAGE_NAMES: Readonly<Record<string, string>> = { 'image/jpg': 'image/jpeg', 'image/pjpeg': 'image/jpeg' }

function fileBlock(part: FilePart, field: string, conversions: Conversion[]): JsonObject | undefined {
  if (part.fileId !== undefined) return uploaded(part, part.fileId)
  const source = part.data === undefined ? undefined : (sourceOfUrl(part.data) ?? barePdf(part.data))
  if (source === undefined) {
    conversions.push(
      lost(field, 'is no file that could be read: send a data: URI with base64, a web address or a file id'),
    )
    return undefined
  }
  if ('url' in source) return document({ type: 'url', url: source.url }, part)
  const { mediaType, base64 } = source
  if (mediaType.startsWith('image/')) {
    return imageBlock({ type: 'image', source, ...(part.extra && { extra: part.extra }) }, field, conversions)
  }
  if (mediaType === PDF) return document({ type: 'base64', media_type: PDF, data: base64 }, part)
  if (isText(mediaType)) {
    return document({ type: 'text', media_type: 'text/plain', data: Buffer.from(base64, 'base64').toString() }, part)
  }
  conversions.push(lost(field, `is ${mediaType}, and Claude reads only PDF, plain text and images`))
  return undefined
}

const PDF = 'application/pdf'

/** An uploaded file says by nothing but its name, or the block it came in, that it is a picture. */
function uploaded(part: FilePart, fileId: string): JsonObject {
  const source = { type: 'file', file_id: fileId }
  const isImage = stringOf(part.extra?.['type']) === 'image' || /\.(?:jpe?g|png|gif|webp)$/i.test(part.filename ?? '')
  return isImage ? image(source, part.extra) : document(source, part)
}

function document(source: JsonValue, { filename, extra }: FilePart): JsonObject {
  return compact({ type: 'document', source, title: filename, ...ownKeys(extra, DOCUMENT_KEYS) })
}

function isText(mediaType: string): boolean {
  return mediaType.startsWith('text/') || TEXT_LIKE.has(mediaType)
}

const TEXT_LIKE: ReadonlySet<string> = new Set([
  'application/json',
  'application/xml',
  'application/yaml',
  'application/x-yaml',
  'application/javascript',
])

type Source = { readonly url: string } | { readonly base64: string; readonly mediaType: string }

/** A web address as it is, a `data:` URI taken apart; undefined for anything else. */
function sourceOfUrl(url: string): Source | undefined {
  if (/^https?:\/\//i.test(url)) return { url }
  const comma = url.slice(0, MAX_HEAD_CHARS).indexOf(',')
  if (!url.startsWith('data:') || comma === -1) return undefined
  const [mediaType = '', ...parameters] = url.slice('data:'.length, comma).split(';')
  const data = url.slice(comma + 1)
  const type = mediaType === '' ? 'text/plain' : mediaType.toLowerCase()
  if (parameters.includes('base64')) return { base64: data, mediaType: type }
  const text = percentDecoded(data)
  return text === undefined ? undefined : { base64: Buffer.from(text).toString('base64'), mediaType: type }
}

/** What stands before the comma of a `data:` URI is short; the data behind it may be megabytes. */
const MAX_HEAD_CHARS = 1_024

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Some clients send the file's base64 alone; that of a PDF is known by its beginning, `%PDF-`. */
function barePdf(data: string): Source | undefined {
  return data.startsWith('JVBERi0') ? { base64: data, mediaType: PDF } : undefined
}
