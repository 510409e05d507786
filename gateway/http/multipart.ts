import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'

/** The fields of a form that decide where it goes. Files are stepped over, never decoded. */
export interface FormFacts {
  readonly model: FormField | undefined
  /** True when the client asked for a streamed answer. */
  readonly stream: boolean
}

export interface FormField {
  readonly value: string
  /** Byte range of the value in the body. */
  readonly start: number
  readonly end: number
}

/** RFC 2046 section 5.1.1: at most 70 characters of this alphabet, quoted where it holds more than token characters. */
const BOUNDARY = /;[ \t]*boundary=(?:"([0-9A-Za-z'()+_,\-./:=? ]{1,70})"|([0-9A-Za-z'+_\-.]{1,70}))[ \t]*(?:;|$)/i

const HEADER_END = '\r\n\r\n'

/** The form with a `model` field before its other parts: for a client that names the model in the path alone. */
export function withModelField(raw: Buffer, contentType: string, model: string): Buffer {
  const boundary = boundaryOf(contentType) ?? ''
  const field = `--${boundary}\r\nContent-Disposition: form-data; name="model"\r\n\r\n${model}\r\n`
  return Buffer.concat([Buffer.from(field), raw])
}

/** Finds the fields in a `multipart/form-data` body. Strict: what two parsers could read in two ways is refused. */
export function readForm(raw: Buffer, contentType: string): FormFacts | Failure {
  const name = boundaryOf(contentType)
  if (name === undefined) return invalid('The Content-Type of the form names no valid boundary.')
  const parts = splitParts(raw, Buffer.from(`--${name}`, 'latin1'))
  if (!Array.isArray(parts)) return parts
  const models = parts.filter((part) => part.name === 'model' && !part.isFile)
  if (models.length > 1) return invalid("The form has more than one 'model' field.")
  const streams = parts.findLast((part) => part.name === 'stream' && !part.isFile)
  return {
    model: models[0] === undefined ? undefined : fieldOf(raw, models[0]),
    stream: streams !== undefined && raw.toString('latin1', streams.start, streams.end).trim() === 'true',
  }
}

function boundaryOf(contentType: string): string | undefined {
  const boundary = BOUNDARY.exec(contentType)
  return boundary?.[1] ?? boundary?.[2]
}

interface FormPart {
  readonly name: string
  readonly isFile: boolean
  readonly start: number
  readonly end: number
}

function fieldOf(raw: Buffer, part: FormPart): FormField | undefined {
  // A longer value is no model's name; it is cut here only to be refused as too long.
  const end = Math.min(part.end, part.start + limits.modelNameChars * 4)
  return { value: raw.toString('utf8', part.start, end).trim(), start: part.start, end: part.end }
}

function splitParts(raw: Buffer, delimiter: Buffer): FormPart[] | Failure {
  const parts: FormPart[] = []
  let at = nextDelimiter(raw, delimiter, 0)
  if (at === -1) return invalid('The form does not begin with its boundary.')
  for (;;) {
    const head = at + delimiter.length
    if (raw.toString('latin1', head, head + 2) === '--') return parts
    if (parts.length >= limits.multipartParts) return invalid(`The form has more than ${limits.multipartParts} parts.`)
    const lines = raw.indexOf('\r\n', head)
    const start = lines === -1 ? -1 : headerEnd(raw, lines)
    const next = start === -1 ? -1 : nextDelimiter(raw, delimiter, start)
    if (next === -1) return invalid('The form ends in the middle of a part.')
    const disposition = readDisposition(raw.toString('latin1', lines, start))
    if (disposition === undefined) return invalid('A part of the form has no readable Content-Disposition.')
    parts.push({ ...disposition, start, end: Math.max(start, next - 2) })
    at = next
  }
}

/** Offset behind the empty line after a part's headers; -1 when they are too long or do not end. */
function headerEnd(raw: Buffer, from: number): number {
  const end = raw.indexOf(HEADER_END, from)
  return end === -1 || end - from > limits.multipartHeaderBytes ? -1 : end + HEADER_END.length
}

/** A delimiter counts only at the beginning of a line, and only when the line then ends or says that it is the last. */
function nextDelimiter(raw: Buffer, delimiter: Buffer, from: number): number {
  for (let at = raw.indexOf(delimiter, from); at !== -1; at = raw.indexOf(delimiter, at + 1)) {
    const begins = at === 0 || (raw[at - 2] === 0x0d && raw[at - 1] === 0x0a)
    const after = raw.toString('latin1', at + delimiter.length, at + delimiter.length + 2)
    if (begins && (after === '\r\n' || after === '--')) return at
  }
  return -1
}

function readDisposition(headers: string): { name: string; isFile: boolean } | undefined {
  const lines = headers.split('\r\n').filter((line) => /^content-disposition[ \t]*:/i.test(line))
  const line = lines[0]
  if (line === undefined || lines.length > 1) return undefined
  const parameters = [...line.matchAll(/;[ \t]*([a-z*]+)=(?:"((?:[^"\\]|\\.)*)"|([^";\s]*))/gi)]
  const names = parameters.filter((match) => match[1]?.toLowerCase() === 'name')
  if (names.length !== 1) return undefined
  const isFile = parameters.some((match) => /^filename\*?$/i.test(match[1] ?? ''))
  return { name: names[0]?.[2] ?? names[0]?.[3] ?? '', isFile }
}

function invalid(message: string): Failure {
  return { kind: 'invalid-request', status: 400, code: 'invalid_form', message }
}
