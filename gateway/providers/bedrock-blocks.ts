import type { AudioPart, FilePart, ImagePart, Part } from '../contract/chat.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject } from '../contract/json.ts'
import { compact, entryOf, objectOf, textAt, textOf } from '../kit/json-fields.ts'
import type { BedrockModel } from './bedrock-model.ts'
import { documentName } from './bedrock-names.ts'
import { unsupported, type Upstream } from './upstream-failure.ts'

/** What blocks of one request are written with. */
export interface BlockContext {
  readonly upstream: Upstream
  readonly model: BedrockModel
  /** Names of documents that are taken already. */
  readonly documents: Set<string>
}

/** The content blocks of these parts, each with the cache point that the client set behind it. Blank text has no block. */
export function contentBlocks(parts: readonly Part[], context: BlockContext): readonly JsonObject[] | Failure {
  const blocks: JsonObject[] = []
  for (const part of parts) {
    const block = writePart(part, context)
    if (isFailure(block)) return block
    if (block === undefined) continue
    blocks.push(block, ...cachePoint('extra' in part ? part.extra : undefined, context.model))
  }
  return blocks
}

/**
 * The block that stands for `cache_control` on what comes before it. Only Claude and Nova keep a cache, and only Claude
 * knows for how long; everybody else refuses the block.
 */
export function cachePoint(extra: JsonObject | undefined, model: BedrockModel): readonly JsonObject[] {
  const control = objectOf(extra?.['cache_control'])
  if (control === undefined || !keepsCache(model)) return []
  const ttl = textOf(control['ttl'])
  const lasting = ttl !== undefined && model.family !== 'nova-1' && model.family !== 'nova-2'
  return [{ cachePoint: compact({ type: 'default', ttl: lasting ? ttl : undefined }) }]
}

/** True where {@link cachePoint} is understood. */
export function keepsCache({ family }: BedrockModel): boolean {
  return family === 'claude' || family === 'nova-1' || family === 'nova-2' || family === 'unknown'
}

function writePart(part: Part, context: BlockContext): JsonObject | Failure | undefined {
  switch (part.type) {
    case 'text':
      // Blank text is refused.
      return part.text.trim() === '' ? undefined : { text: part.text }
    case 'image':
      return writeImage(part, context.upstream)
    case 'audio':
      return writeAudio(part)
    case 'file':
    default:
      return writeFile(part, context)
  }
}

const IMAGE_FORMATS: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/jpg': 'jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
}

function writeImage(part: ImagePart, upstream: Upstream): JsonObject | Failure {
  if (!('url' in part.source)) return imageBlock(part.source, upstream)
  const { url } = part.source
  if (url.startsWith('s3://')) {
    const extension = /\.([a-z0-9]+)$/i.exec(url)?.[1]?.toLowerCase() ?? ''
    const format = entryOf(IMAGE_FORMATS, `image/${extension}`) ?? 'png'
    return { image: { format, source: { s3Location: { uri: url } } } }
  }
  const data = dataUri(url)
  if (data !== undefined) return imageBlock(data, upstream)
  return unsupported(upstream, 'takes images only as data, not as a web address. Send a data: URI with base64.')
}

function imageBlock(data: Data, upstream: Upstream): JsonObject | Failure {
  const format = entryOf(IMAGE_FORMATS, data.mediaType.toLowerCase())
  if (format === undefined) {
    return unsupported(upstream, `takes images as PNG, JPEG, GIF or WebP, but no ${data.mediaType.slice(0, 60)}.`)
  }
  return { image: { format, source: { bytes: data.base64 } } }
}

function writeAudio({ format, base64 }: AudioPart): JsonObject {
  return { audio: { format, source: { bytes: base64 } } }
}

const DOCUMENT_FORMATS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'text/csv': 'csv',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'text/html': 'html',
  'text/markdown': 'md',
}
const VIDEO_FORMATS: Readonly<Record<string, string>> = {
  'video/mp4': 'mp4',
  'video/quicktime': 'mov',
  'video/x-matroska': 'mkv',
  'video/webm': 'webm',
  'video/x-flv': 'flv',
  'video/mpeg': 'mpeg',
  'video/x-ms-wmv': 'wmv',
  'video/3gpp': 'three_gp',
}

function writeFile(part: FilePart, context: BlockContext): JsonObject | Failure {
  const { upstream } = context
  if (part.data === undefined) {
    return unsupported(upstream, 'keeps no uploaded files. Send the file itself as a data: URI with base64.')
  }
  const data = dataUri(part.data) ?? barePdf(part.data)
  if (data === undefined) {
    return unsupported(upstream, 'takes files only as data, not as a web address. Send a data: URI with base64.')
  }
  if (data.mediaType.startsWith('image/')) return imageBlock(data, upstream)
  const video = entryOf(VIDEO_FORMATS, data.mediaType)
  if (video !== undefined) return { video: { format: video, source: { bytes: data.base64 } } }
  const format = documentFormat(data.mediaType)
  if (format === undefined) {
    const kinds = 'PDF, Word, Excel, CSV, HTML, Markdown, text and video files'
    return unsupported(upstream, `takes ${kinds}, but no ${data.mediaType.slice(0, 60)}.`)
  }
  return documentBlock(part, { format, base64: data.base64 }, context)
}

function documentFormat(mediaType: string): string | undefined {
  const known = entryOf(DOCUMENT_FORMATS, mediaType)
  const readable = mediaType.startsWith('text/') || /^application\/(?:json|xml|(?:x-)?yaml|javascript)$/.test(mediaType)
  return known ?? (readable ? 'txt' : undefined)
}

function documentBlock(
  { filename, extra }: FilePart,
  { format, base64 }: { format: string; base64: string },
  { documents }: BlockContext,
): JsonObject {
  const cited = objectOf(extra?.['citations'])?.['enabled'] === true
  return {
    document: compact({
      format,
      name: documentName(textAt(extra, 'title') ?? filename, documents),
      source: { bytes: base64 },
      context: textAt(extra, 'context'),
      citations: cited ? { enabled: true } : undefined,
    }),
  }
}

interface Data {
  readonly mediaType: string
  readonly base64: string
}

/** What stands before the comma of a `data:` URI is short; the data behind it may be megabytes. */
const MAX_HEAD_CHARS = 1_024

/** A `data:` URI taken apart; undefined for anything else, and for one whose data is not base64. */
export function dataUri(url: string): Data | undefined {
  const comma = url.slice(0, MAX_HEAD_CHARS).indexOf(',')
  if (!url.startsWith('data:') || comma === -1) return undefined
  const [mediaType = '', ...parameters] = url.slice('data:'.length, comma).split(';')
  if (!parameters.includes('base64')) return undefined
  return { mediaType: mediaType === '' ? 'text/plain' : mediaType.toLowerCase(), base64: url.slice(comma + 1) }
}

/** Some clients send the file's base64 alone; that of a PDF is known by its beginning, `%PDF-`. */
function barePdf(data: string): Data | undefined {
  return data.startsWith('JVBERi0') ? { mediaType: 'application/pdf', base64: data } : undefined
}

/** True for a block that holds a document: such a turn must hold text, too. */
export function isDocument(block: JsonObject): boolean {
  return isJsonObject(block['document'])
}
