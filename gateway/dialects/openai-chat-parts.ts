import type { FilePart, ImagePart, Part } from '../contract/chat.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { unsupported } from './invalid.ts'
import { arrayOf, objectOf, stringOf, textOf, without, type Draft } from '../kit/json-fields.ts'
import { imageUrl } from './openai-chat-check-messages.ts'

const TEXT_KEYS: ReadonlySet<string> = new Set(['type', 'text'])
const IMAGE_KEYS: ReadonlySet<string> = new Set(['type', 'image_url'])
const FILE_KEYS: ReadonlySet<string> = new Set(['type', 'file'])

/** Content as parts: a string is one text part, nothing is none. Refusals and thoughts are read by the message that holds them. */
export function readParts(content: JsonValue | undefined, path: string): Part[] | Failure {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  const parts: Part[] = []
  for (const [index, json] of arrayOf(content).filter(isJsonObject).entries()) {
    if (json.type === 'refusal' || json.type === 'thinking') continue
    const part = readPart(json, `${path}[${index}]`)
    if (isFailure(part)) return part
    parts.push(part)
  }
  return parts
}

/** LiteLLM's clients may mark a whole message for the prompt cache; the mark belongs to the message's last text. */
export function withCacheMark(parts: readonly Part[], message: JsonObject): readonly Part[] {
  const mark = objectOf(message.cache_control)
  const last = parts.at(-1)
  if (mark === undefined || last?.type !== 'text') return parts
  return [...parts.slice(0, -1), { ...last, extra: { ...last.extra, cache_control: mark } }]
}

function readPart(json: JsonObject, path: string): Part | Failure {
  switch (stringOf(json.type) ?? '') {
    case 'text':
      return { type: 'text', text: stringOf(json.text) ?? '', ...extraOf(json, TEXT_KEYS) }
    case 'image_url':
      return readImage(json)
    case 'input_audio': {
      const audio = objectOf(json.input_audio)
      return { type: 'audio', base64: stringOf(audio?.data) ?? '', format: textOf(audio?.format) ?? 'wav' }
    }
    case 'file':
      return { ...readFile(objectOf(json.file) ?? {}), ...extraOf(json, FILE_KEYS) }
    default: {
      const message = `\`${path}\` has a type that only some upstreams know. Use text, image_url, input_audio or file.`
      return unsupported(`${path}.type`, message)
    }
  }
}

function readImage(json: JsonObject): ImagePart {
  const detail = textOf(objectOf(json.image_url)?.detail)
  return {
    type: 'image',
    source: imageSource(imageUrl(json) ?? ''),
    ...(detail === undefined ? {} : { detail }),
    ...extraOf(json, IMAGE_KEYS),
  }
}

/** `data:image/png;base64,...` is split without searching the megabytes behind its comma. */
function imageSource(url: string): ImagePart['source'] {
  const comma = url.startsWith('data:') ? url.indexOf(',') : -1
  if (comma < 0) return { url }
  const [mediaType = '', ...flags] = url.slice('data:'.length, comma).split(';')
  if (!flags.includes('base64')) return { url }
  return { base64: url.slice(comma + 1), mediaType: mediaType === '' ? 'image/png' : mediaType }
}

function readFile(file: JsonObject): FilePart {
  const part: Draft<FilePart> = { type: 'file' }
  const fileId = textOf(file.file_id)
  const filename = textOf(file.filename)
  const data = textOf(file.file_data)
  if (fileId !== undefined) part.fileId = fileId
  if (filename !== undefined) part.filename = filename
  if (data !== undefined) part.data = data
  return part
}

/** Unknown keys, where there are any. */
export function extraOf(json: JsonObject, known: ReadonlySet<string>): { extra?: JsonObject } {
  const extra = without(json, known)
  return Object.keys(extra).length === 0 ? {} : { extra }
}
