import type { JsonObject, JsonScan, KeySpan } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/**
 * One pass over JSON bytes, before or after they are parsed: how deep they nest, and where the top-level keys are.
 * Never throws; on bytes that are not JSON it reports what it saw until they stopped making sense.
 */
export function scanJson(raw: Buffer): JsonScan {
  return new Scanner(raw).scan()
}

/**
 * Sets, adds or removes (`undefined`) top-level keys in the client's own bytes. Everything else stays byte for
 * byte: numbers beyond 2^53, key order, spacing. Of a repeated key every occurrence is edited, because parsers
 * disagree on which one counts.
 *
 * `raw` must be valid JSON with an object at the top; `scan` saves a second pass where one was made already.
 */
export function editTopLevel(raw: Buffer, edits: JsonObject, scan: JsonScan = scanJson(raw)): Buffer {
  if (scan.objectEnd < 0) throw new TypeError('Only a JSON object has top-level keys to edit.')
  const changes = Object.keys(edits)
  if (changes.length === 0) return raw
  const names = editedNames(raw, scan.keys, changes)
  const { kept, touched } = keepOrReplace(scan, names, edits)
  const isPresent = membership(names, changes.length)
  const added = changes.filter((key) => edits[key] !== undefined && !isPresent(key))
  if (!touched && added.length === 0) return raw
  return assemble({ raw, scan, kept, added, edits })
}

/** Up to so many edits it costs less to compare each key with all of them than to decode it for a look-up. */
const FEW_EDITS = 16

/** For each key the edit that is meant for it. */
function editedNames(raw: Buffer, keys: readonly KeySpan[], changes: readonly string[]): (string | undefined)[] {
  if (changes.length <= FEW_EDITS) return keys.map((span) => changes.find((key) => isNamed(raw, span, key)))
  const edited = new Set(changes)
  return keys.map((span) => {
    const name = keyName(raw, span)
    return edited.has(name) ? name : undefined
  })
}

function membership(names: readonly (string | undefined)[], lookUps: number): (name: string) => boolean {
  if (lookUps <= FEW_EDITS) return (name) => names.includes(name)
  const present = new Set(names)
  return (name) => present.has(name)
}

/** A key that stays, and the text that replaces its value, if any. */
interface Kept {
  readonly span: KeySpan
  /** Where the comma and spacing before it begin: behind the member that came before it. */
  readonly gapStart: number
  readonly text: string | undefined
}

interface Assembly {
  readonly raw: Buffer
  readonly scan: JsonScan
  readonly kept: readonly Kept[]
  readonly added: readonly string[]
  readonly edits: JsonObject
}

function keepOrReplace(
  scan: JsonScan,
  names: readonly (string | undefined)[],
  edits: JsonObject,
): { kept: Kept[]; touched: boolean } {
  const kept: Kept[] = []
  let touched = false
  scan.keys.forEach((span, index) => {
    const name = names[index]
    const gapStart = scan.keys[index - 1]?.valueEnd ?? span.keyStart
    if (name === undefined) {
      kept.push({ span, gapStart, text: undefined })
      return
    }
    touched = true
    const value = edits[name]
    if (value !== undefined) kept.push({ span, gapStart, text: JSON.stringify(value) })
  })
  return { kept, touched }
}

/** Alternates runs of the client's bytes with new texts. A comma belongs to the member after it. */
function assemble({ raw, scan, kept, added, edits }: Assembly): Buffer {
  const pieces = new Pieces(raw)
  const first = scan.keys[0]
  pieces.keep(0, first === undefined ? scan.objectEnd : first.keyStart)
  kept.forEach(({ span, gapStart, text }, index) => {
    if (index > 0) pieces.keep(gapStart, span.keyStart)
    pieces.keep(span.keyStart, text === undefined ? span.valueEnd : span.valueStart)
    if (text !== undefined) pieces.write(text)
  })
  added.forEach((key, index) => {
    const comma = kept.length > 0 || index > 0 ? ',' : ''
    pieces.write(`${comma}${JSON.stringify(key)}:${JSON.stringify(edits[key])}`)
  })
  pieces.keep(scan.keys.at(-1)?.valueEnd ?? scan.objectEnd, raw.length)
  return pieces.join()
}

/** Byte ranges and texts, joined with one allocation; neighbouring ranges become one copy. */
class Pieces {
  readonly #raw: Buffer
  readonly #parts: (string | { start: number; end: number })[] = []
  #length = 0

  constructor(raw: Buffer) {
    this.#raw = raw
  }

  keep(start: number, end: number): void {
    const last = this.#parts.at(-1)
    if (typeof last === 'object' && last.end === start) last.end = end
    else this.#parts.push({ start, end })
    this.#length += end - start
  }

  write(text: string): void {
    this.#parts.push(text)
    this.#length += Buffer.byteLength(text)
  }

  join(): Buffer {
    const joined = Buffer.allocUnsafe(this.#length)
    let at = 0
    for (const part of this.#parts) {
      if (typeof part === 'string') at += joined.write(part, at)
      else at += this.#raw.copy(joined, at, part.start, part.end)
    }
    return joined
  }
}

/** Whether a parser would read this key as `name`. Plain ASCII, which is nearly every key, is compared in place. */
function isNamed(raw: Buffer, span: KeySpan, name: string): boolean {
  const start = span.keyStart + 1
  const length = span.keyEnd - 1 - start
  for (let at = 0; at < length; at += 1) {
    const byte = raw[start + at] ?? 0
    if (byte >= 0x80 || byte === BACKSLASH) return keyName(raw, span) === name
    if (byte !== name.charCodeAt(at)) return false
  }
  return length === name.length
}

/** The name as a parser reads it: escapes resolved, UTF-8 decoded. */
function keyName(raw: Buffer, span: KeySpan): string {
  return String(JSON.parse(raw.toString('utf8', span.keyStart, span.keyEnd)))
}

class Scanner {
  readonly #raw: Buffer
  readonly #keys: KeySpan[] = []
  #tooDeep = false
  #objectEnd = -1
  /** The member being read: -1 until its token was seen. */
  #keyStart = -1
  #keyEnd = -1
  #valueStart = -1
  /** The end of the last token, so that a value never includes the space behind it. */
  #lastEnd = -1

  constructor(raw: Buffer) {
    this.#raw = raw
  }

  scan(): JsonScan {
    const raw = this.#raw
    let start = 0
    while (start < raw.length && isSpace(raw[start])) start += 1
    if (raw[start] === OPEN_BRACE) this.#outer(start + 1)
    else this.#skipNested(start, limits.jsonDepth)
    return { tooDeep: this.#tooDeep, keys: this.#keys, objectEnd: this.#objectEnd }
  }

  /** The members of the outermost object. */
  #outer(from: number): void {
    const raw = this.#raw
    for (let at = from; at < raw.length; at += 1) {
      const byte = raw[at]
      if (isSpace(byte)) continue
      if (byte === CLOSE_BRACE) {
        this.#endMember()
        this.#objectEnd = at
        return
      }
      if (byte === COMMA) this.#endMember()
      else if (byte === COLON) this.#keyEnd = this.#lastEnd
      else at = this.#token(at, byte) - 1
    }
  }

  /** A key, or a value of whatever kind; returns the offset behind it. */
  #token(at: number, byte: number | undefined): number {
    if (this.#keyStart < 0) this.#keyStart = at
    else if (this.#valueStart < 0) this.#valueStart = at
    if (byte === QUOTE) this.#lastEnd = stringEnd(this.#raw, at + 1)
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#lastEnd = this.#skipNested(at, limits.jsonDepth - 1)
    else this.#lastEnd = at + 1
    return this.#lastEnd
  }

  #endMember(): void {
    if (this.#keyEnd > this.#keyStart && this.#valueStart >= this.#keyEnd) {
      this.#keys.push({
        keyStart: this.#keyStart,
        keyEnd: this.#keyEnd,
        valueStart: this.#valueStart,
        valueEnd: this.#lastEnd,
      })
    }
    this.#keyStart = -1
    this.#keyEnd = -1
    this.#valueStart = -1
  }

  /** From an opening brace or bracket to behind its partner: only strings and nesting matter in between. */
  #skipNested(from: number, most: number): number {
    const raw = this.#raw
    const length = raw.length
    let depth = 0
    for (let at = from; at < length; at += 1) {
      const byte = raw[at]
      if (byte === QUOTE) {
        at = stringEnd(raw, at + 1) - 1
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        depth += 1
        if (depth > most) this.#tooDeep = true
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        depth -= 1
        if (depth <= 0) return at + 1
      }
    }
    return length
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** Strings longer than this are searched natively, which pays its way only for pictures and long texts. */
const SHORT_STRING_BYTES = 256

/** From behind an opening quote to behind the closing one; the end of the bytes when there is none. */
function stringEnd(raw: Buffer, from: number): number {
  const length = raw.length
  let at = from
  for (;;) {
    const short = Math.min(length, at + SHORT_STRING_BYTES)
    while (at < short) {
      const byte = raw[at]
      if (byte === QUOTE) return at + 1
      at += byte === BACKSLASH ? 2 : 1
    }
    if (at >= length) return length
    const quote = raw.indexOf(QUOTE, at)
    if (quote < 0) return length
    // An odd number of backslashes before a quote escapes it; `at` itself is never behind half an escape.
    let run = quote
    while (run > at && raw[run - 1] === BACKSLASH) run -= 1
    if ((quote - run) % 2 === 0) return quote + 1
    at = quote + 1
  }
}
