import type { StreamWriter, WriterContext } from '../contract/dialect.ts'
import type { EndEvent, ReasoningDelta, StreamEvent, TextDelta, ToolCallStart } from '../contract/stream-event.ts'
import type { JsonObject } from '../contract/json.ts'
import { citationFields } from './openai-citations.ts'
import { openaiErrorEvent } from './openai-error.ts'
import { chatLogprobs } from './openai-logprobs.ts'
import { ChunkFrame, SSE_CONTENT_TYPE } from './openai-sse.ts'
import { thinkingBlock } from './openai-thinking.ts'
import { writeCallSignature } from './openai-tool-signature.ts'

/** Writes `chat.completion.chunk` events as OpenAI does. */
export function createChatWriter(context: WriterContext): StreamWriter {
  return new ChatWriter(context)
}

/** The content of the role delta: null where a tool call or a refusal comes first, as OpenAI has it. */
type FirstContent = '""' | 'null'

/**
 * Only the text of a delta is escaped per event; the rest is concatenation. Reasoning goes out as
 * `reasoning_content` alone: it is the key that every client library knows (`reasoning` is only their second
 * choice), and both would send each thought twice.
 */
class ChatWriter implements StreamWriter {
  readonly contentType = SSE_CONTENT_TYPE
  readonly fail = openaiErrorEvent
  readonly #context: WriterContext
  readonly #frame: ChunkFrame
  /** Choices that have had their role delta. */
  readonly #opened = new Set<number>()
  /** Choices whose content is inside a `<think>` tag. */
  readonly #thinking = new Set<number>()

  constructor(context: WriterContext) {
    this.#context = context
    this.#frame = new ChunkFrame('chat.completion.chunk', context)
  }

  write(events: readonly StreamEvent[]): string {
    let out = ''
    for (const event of events) out += this.#writeEvent(event)
    return out
  }

  done(): string {
    return this.#frame.final()
  }

  #writeEvent(event: StreamEvent): string {
    switch (event.type) {
      case 'text-delta':
        return this.#text(event)
      case 'reasoning-delta':
        return this.#reasoning(event)
      case 'tool-call-start':
        return this.#delta(event.choice ?? 0, toolCallStart(event), 'null')
      case 'tool-call-delta': {
        const fragment = JSON.stringify(event.argumentsJson)
        const delta = `{"tool_calls":[{"index":${event.index},"function":{"arguments":${fragment}}}]}`
        return this.#delta(event.choice ?? 0, delta, 'null')
      }
      case 'end':
        return this.#end(event)
      case 'usage':
        this.#frame.count(event.usage)
        return ''
      case 'start':
        this.#frame.name(event)
        return ''
      case 'failure':
      default:
        return ''
    }
  }

  #text({ text, logprobs, citations, choice = 0 }: TextDelta): string {
    const content = quoted(this.#thinking.size === 0 ? text : this.#closeThinking(choice) + text)
    const beside = logprobs === undefined ? '' : `,"logprobs":${chatLogprobs(logprobs)}`
    const sources = citations === undefined ? '' : fieldsOf(citationFields(citations))
    return this.#opening(choice, '""') + this.#chunk(choice, `{"content":${content}${sources}}${beside}`)
  }

  #reasoning(event: ReasoningDelta): string {
    const { text, choice = 0 } = event
    if (this.#context.mergeReasoning) return this.#tagged(text, choice)
    const block = thinkingBlock(event)
    const blocks = block === undefined ? '' : `,"thinking_blocks":[${JSON.stringify(block)}]`
    return this.#delta(choice, `{"reasoning_content":${JSON.stringify(text)}${blocks}}`, '""')
  }

  /** Reasoning as content, for clients that know no other place for it. */
  #tagged(text: string, choice: number): string {
    if (text === '') return ''
    const tag = this.#thinking.has(choice) ? '' : '<think>'
    this.#thinking.add(choice)
    return this.#delta(choice, `{"content":${JSON.stringify(tag + text)}}`, '""')
  }

  #closeThinking(choice: number): string {
    return this.#thinking.delete(choice) ? '</think>' : ''
  }

  #end({ reason, refusal, choice = 0 }: EndEvent): string {
    const tag = this.#closeThinking(choice)
    const closing = tag === '' ? '' : this.#delta(choice, `{"content":"${tag}"}`, '""')
    const refused = refusal === undefined ? '' : this.#delta(choice, `{"refusal":${JSON.stringify(refusal)}}`, 'null')
    return closing + refused + this.#opening(choice, '""') + this.#chunk(choice, '{}', `"${reason}"`)
  }

  #delta(choice: number, delta: string, first: FirstContent): string {
    return this.#opening(choice, first) + this.#chunk(choice, delta)
  }

  /** The role delta, once per choice and before everything else of it. */
  #opening(choice: number, content: FirstContent): string {
    if (this.#opened.has(choice)) return ''
    this.#opened.add(choice)
    if (this.#context.continued) return ''
    return this.#chunk(choice, `{"role":"assistant","content":${content},"refusal":null}`)
  }

  #chunk(choice: number, delta: string, finish = 'null'): string {
    const { head, tail } = this.#frame
    return `${head}[{"index":${choice},"delta":${delta},"finish_reason":${finish}}]${tail}`
  }
}

/** Quotes, backslashes, control characters, and surrogates, which are escaped where they stand alone. */
const ESCAPED = /[^\u0020\u0021\u0023-\u005b\u005d-\ud7ff\ue000-\uffff]/

/** As `JSON.stringify` writes it, at 40 % of its cost for the short plain texts that tokens are. */
function quoted(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`
}

/** The fields of an object, to be put behind others. */
function fieldsOf(object: JsonObject): string {
  const json = JSON.stringify(object)
  return json === '{}' ? '' : `,${json.slice(1, -1)}`
}

function toolCallStart({ index, id, name, signature }: ToolCallStart): string {
  const signed = writeCallSignature({ ...(signature !== undefined && { signature }) })
  const call = { index, id, type: 'function', function: { name, arguments: '' }, ...signed }
  return `{"tool_calls":[${JSON.stringify(call)}]}`
}
