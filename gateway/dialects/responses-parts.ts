import type { AudioPart, FilePart, ImagePart, Part } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { arrayOf, objectOf, stringOf, textOf, type Draft } from '../kit/json-fields.ts'

/** Where readers state what they could not carry over. */
export type Note = (conversion: Conversion) => void

/** Content of a message or of a tool's result as parts; refusals are read by {@link refusalOf}. */
export function readParts(content: JsonValue | undefined, field: string, note: Note): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  const parts: Part[] = []
  for (const [index, json] of arrayOf(content).entries()) {
    if (!isJsonObject(json) || json.type === 'refusal') continue
    const part = readPart(json)
    if (typeof part === 'string') note({ field: `${field}[${index}]`, did: 'dropped', why: part, matters: true })
    else parts.push(part)
  }
  return parts
}

/** What an assistant said instead of an answer. */
export function refusalOf(content: JsonValue | undefined): string | undefined {
  const refusals = arrayOf(content).filter((part) => isJsonObject(part) && part.type === 'refusal')
  return textOf(refusals.map((part) => textOf(objectOf(part)?.refusal) ?? '').join(''))
}

/** The part, or why there is none. */
function readPart(json: JsonObject): Part | string {
  switch (stringOf(json.type) ?? '') {
    case 'input_text':
    case 'output_text':
    case 'text':
    case 'summary_text':
      return { type: 'text', text: stringOf(json.text) ?? '' }
    case 'input_image':
      return readImage(json)
    case 'input_file':
      return readFile(json)
    case 'input_audio':
      return readAudio(json)
    default:
      return `has the type ${stringOf(json.type) ?? 'of nothing'}, which only OpenAI's own wire knows`
  }
}

function readImage(json: JsonObject): ImagePart | string {
  // Some clients keep the object of the older API.
  const url = textOf(json.image_url) ?? textOf(objectOf(json.image_url)?.url)
  if (url === undefined) return 'names an uploaded image, which only OpenAI holds; send it as a data URI or a URL'
  const detail = textOf(json.detail)
  return { type: 'image', source: imageSource(url), ...(detail === undefined ? {} : { detail }) }
}

/** `data:image/png;base64,...` is split without searching the megabytes behind its comma. */
function imageSource(url: string): ImagePart['source'] {
  const comma = url.startsWith('data:') ? url.indexOf(',') : -1
  if (comma < 0) return { url }
  const [mediaType = '', ...flags] = url.slice('data:'.length, comma).split(';')
  if (!flags.includes('base64')) return { url }
  return { base64: url.slice(comma + 1), mediaType: mediaType === '' ? 'image/png' : mediaType }
}

function readFile(json: JsonObject): FilePart {
  const part: Draft<FilePart> = { type: 'file' }
  const fileId = textOf(json.file_id)
  const filename = textOf(json.filename)
  const data = textOf(json.file_data) ?? textOf(json.file_url)
  if (fileId !== undefined) part.fileId = fileId
  if (filename !== undefined) part.filename = filename
  if (data !== undefined) part.data = data
  return part
}

function readAudio(json: JsonObject): AudioPart {
  const audio = objectOf(json.input_audio) ?? json
  return { type: 'audio', base64: stringOf(audio.data) ?? '', format: textOf(audio.format) ?? 'wav' }
}
