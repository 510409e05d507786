import type { AudioPart, FilePart, ImagePart } from '../contract/chat.ts'
import type { JsonObject } from '../contract/json.ts'
import { entryOf } from '../kit/json-fields.ts'

/** Media types by the end of a path or file name. */
const TYPES: Readonly<Record<string, string>> = {
  avif: 'image/avif',
  gif: 'image/gif',
  heic: 'image/heic',
  heif: 'image/heif',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  aac: 'audio/aac',
  flac: 'audio/flac',
  m4a: 'audio/m4a',
  mp3: 'audio/mp3',
  ogg: 'audio/ogg',
  opus: 'audio/opus',
  wav: 'audio/wav',
  mov: 'video/quicktime',
  mp4: 'video/mp4',
  mpeg: 'video/mpeg',
  webm: 'video/webm',
  css: 'text/css',
  csv: 'text/csv',
  htm: 'text/html',
  html: 'text/html',
  json: 'application/json',
  md: 'text/markdown',
  pdf: 'application/pdf',
  txt: 'text/plain',
  xml: 'text/xml',
}

/** OpenAI's name of an audio format, where the media type has another. */
const AUDIO: Readonly<Record<string, string>> = { pcm16: 'audio/pcm', mpeg: 'audio/mp3' }

/** An image as a part: data inline, an address (https, `gs://`, Files API) by its URI. */
export function imagePart(part: ImagePart): JsonObject {
  const { source } = part
  if (!('url' in source)) return inlineData(source.mediaType, source.base64)
  return addressed(source.url, 'image/jpeg')
}

/** Audio as a part. */
export function audioPart(part: AudioPart): JsonObject {
  return inlineData(entryOf(AUDIO, part.format) ?? `audio/${part.format}`, part.base64)
}

/** A file as a part; undefined for a file that lies at another maker, under an id that Google does not know. */
export function filePart(part: FilePart): JsonObject | undefined {
  const named = typeByName(part.filename ?? '')
  if (part.data !== undefined) {
    if (!part.data.includes(':')) return inlineData(named ?? 'application/pdf', part.data)
    return addressed(part.data, named ?? 'application/pdf')
  }
  const id = part.fileId ?? ''
  if (/^(?:https?|gs):/.test(id)) return addressed(id, named ?? 'application/pdf')
  // The Files API names its files `files/abc`, and takes them by their whole address.
  return id.startsWith('files/')
    ? addressed(`https://generativelanguage.googleapis.com/v1beta/${id}`, named ?? 'application/pdf')
    : undefined
}

function addressed(url: string, fallback: string): JsonObject {
  const data = dataOf(url)
  if (data !== undefined) return inlineData(data.mediaType === '' ? fallback : data.mediaType, data.base64)
  const mimeType = isYouTube(url) ? 'video/mp4' : (typeByName(url.replace(/[?#].*$/s, '')) ?? fallback)
  return { fileData: { mimeType, fileUri: url } }
}

function inlineData(mimeType: string, data: string): JsonObject {
  return { inlineData: { mimeType, data } }
}

/** The parts of a `data:` URI; one that is not in base64 is encoded anew. */
function dataOf(url: string): { readonly mediaType: string; readonly base64: string } | undefined {
  const comma = url.indexOf(',')
  if (!url.startsWith('data:') || comma === -1) return undefined
  const head = url.slice('data:'.length, comma)
  const mediaType = head.split(';', 1)[0] ?? ''
  const text = url.slice(comma + 1)
  return { mediaType, base64: head.endsWith(';base64') ? text : Buffer.from(decoded(text)).toString('base64') }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function isYouTube(url: string): boolean {
  return /^https:\/\/(?:www\.)?(?:youtube\.com|youtu\.be)\//.test(url)
}

function typeByName(path: string): string | undefined {
  const end = /\.([a-z0-9]+)$/i.exec(path)?.[1]
  return end === undefined ? undefined : entryOf(TYPES, end.toLowerCase())
}
