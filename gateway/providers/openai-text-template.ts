import { isJsonObject, type JsonObject } from '../contract/json.ts'
import type { TextDelta } from '../contract/stream-event.ts'
import { arrayOf, objectOf, parseObject } from '../kit/json-fields.ts'
import { usageOf } from '../wire/openai-usage.ts'

/** Unescaped quotes end JSON strings, so that no text can imitate this. */
const CONTENT_KEY = '"content":"'
const QUOTE = 34
/** Quotes, backslashes and control characters: text has to be parsed for them, everything else is JSON as it stands. */
const ESCAPED = /[^\u0020\u0021\u0023-\u005b\u005d-\uffff]/
/** Any text that no server writes in place of a token. */
const PROBE = '\uE000'

/**
 * The events of a stream hardly ever differ in more than their text. Once two in a row were the same around it, what
 * comes after them is compared instead of parsed: a quarter of the cost of a translated stream's reading.
 */
export class TextTemplate {
  #head = ''
  #tail = ''
  #choice: number | undefined
  #lastHead = ''
  #lastTail = ''

  /** The text of an event that fits; undefined where it has to be parsed. */
  textOf(data: string): string | undefined {
    const start = this.#head.length
    const end = data.length - this.#tail.length
    // Slices are compared word by word, `startsWith` and `endsWith` letter by letter: 0.1 instead of 0.5 us an event.
    if (start === 0 || end < start || data.slice(0, start) !== this.#head || data.slice(end) !== this.#tail) {
      return undefined
    }
    const text = data.slice(start, end)
    return ESCAPED.test(text) ? undefined : text
  }

  /** The event of a text that fitted. */
  eventOf(text: string): TextDelta {
    return this.#choice === undefined
      ? { type: 'text-delta', text }
      : { type: 'text-delta', text, choice: this.#choice }
  }

  /** Learns from an event that was parsed and said `delta`, and nothing else. */
  learn(data: string, chunk: JsonObject, delta: TextDelta): void {
    if (delta.logprobs !== undefined || !saysOnlyText(chunk)) {
      this.forget()
      return
    }
    const start = data.indexOf(CONTENT_KEY) + CONTENT_KEY.length
    const end = start + delta.text.length
    if (start < CONTENT_KEY.length || data.charCodeAt(end) !== QUOTE || !data.startsWith(delta.text, start)) return
    const head = data.slice(0, start)
    const tail = data.slice(end)
    const isRepeated = head === this.#lastHead && tail === this.#lastTail
    this.#lastHead = head
    this.#lastTail = tail
    if (!isRepeated || !holdsContent(head, tail)) return
    this.#head = head
    this.#tail = tail
    this.#choice = delta.choice
  }

  /** Something else was said: what follows may mean something else although it looks the same. */
  forget(): void {
    this.#head = ''
    this.#lastHead = ''
  }
}

/** Nothing in it that is counted or collected beside the text. */
function saysOnlyText(chunk: JsonObject): boolean {
  const choices = arrayOf(chunk['choices'])
  const choice = objectOf(choices[0])
  const isCounted = usageOf(chunk) !== undefined || isJsonObject(choice?.['usage'])
  return choices.length === 1 && !isCounted && typeof objectOf(choice?.['delta'])?.['refusal'] !== 'string'
}

/** Whether what stands between is the content of the delta, by the parser's own judgement. */
function holdsContent(head: string, tail: string): boolean {
  const choice = arrayOf(parseObject(head + PROBE + tail)?.['choices'])[0]
  return objectOf(objectOf(choice)?.['delta'])?.['content'] === PROBE
}
