import { isJsonObject, type JsonObject } from '../contract/json.ts'
import type { StreamEvent, Usage } from '../contract/stream-event.ts'
import { arrayOf, compact, objectOf, textOf } from '../kit/json-fields.ts'
import { AnthropicEvents } from './anthropic-events.ts'
import { ConverseAnswer, type AnswerContext } from './bedrock-answer.ts'
import { isTextAnswer, TextAnswer } from './bedrock-text-answer.ts'
import { metricsUsage } from './bedrock-usage.ts'
import { openAiReader } from './openai-reader.ts'

/** One model's wire, without the frames around it. */
export interface Native {
  read(json: JsonObject, out: StreamEvent[]): void
  /** The stream is complete as far as its frames tell. */
  end(out: StreamEvent[]): void
  readonly failed: boolean
}

/** In whose words a model answers. */
export type Wire = 'anthropic' | 'openai' | 'converse' | 'text'

/** The wire of a whole reply or of a stream's first chunk, by its form; undefined for what is no answer. */
export function wireOf(json: JsonObject): Wire | undefined {
  const type = textOf(json['type']) ?? ''
  if (
    type === 'message' ||
    type === 'ping' ||
    (type === 'error' && isJsonObject(json['error'])) ||
    /^(?:message|content_block)_/.test(type)
  )
    return 'anthropic'
  if (Array.isArray(json['choices'])) return 'openai'
  if (isJsonObject(json['output']) || converseEvent(json) !== undefined) return 'converse'
  return isTextAnswer(json) ? 'text' : undefined
}

/** Names of Converse's events. */
const CONVERSE_EVENTS = [
  'messageStart',
  'contentBlockStart',
  'contentBlockDelta',
  'contentBlockStop',
  'messageStop',
  'metadata',
]

/** Nova's chunks are objects with the event's name as their key. */
function converseEvent(json: JsonObject): string | undefined {
  return CONVERSE_EVENTS.find((name) => isJsonObject(json[name]))
}

/** A reader of the chunks of a stream in this wire. */
export function nativeOf(wire: Wire, context: AnswerContext): Native {
  if (wire === 'anthropic') return anthropicNative(context)
  if (wire === 'openai') return openAiNative(context)
  return wire === 'converse' ? converseNative(context) : textNative(context)
}

function anthropicNative({ upstream }: AnswerContext): Native {
  const events = new AnthropicEvents(upstream)
  return {
    read: (json, out) => events.read(json, out),
    end: (out) => events.finish('', out),
    get failed() {
      return events.failed
    },
  }
}

function converseNative(context: AnswerContext): Native {
  const answer = new ConverseAnswer(context)
  return {
    read(json, out) {
      const name = converseEvent(json)
      if (name !== undefined) answer.readEvent(name, objectOf(json[name]) ?? {}, out)
    },
    end: (out) => answer.end(out),
    get failed() {
      return answer.failed
    },
  }
}

function textNative({ upstream }: AnswerContext): Native {
  const answer = new TextAnswer(upstream)
  return {
    read: (json, out) => answer.read(json, out),
    end: (out) => answer.finish(false, out),
    get failed() {
      return answer.failed
    },
  }
}

/** OpenAI's reader knows server-sent events, so each chunk is made one. */
function openAiNative({ upstream }: AnswerContext): Native {
  const reader = openAiReader(upstream)
  let failed = false
  const take = (events: readonly StreamEvent[], out: StreamEvent[]): void => {
    failed ||= events.some((event) => event.type === 'failure')
    out.push(...events)
  }
  return {
    read(json, out) {
      const metrics = objectOf(json['amazon-bedrock-invocationMetrics'])
      const chunk = asOpenAi(json, metrics && metricsUsage(metrics))
      take(reader.push(Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`)), out)
    },
    end: (out) => take(reader.end(), out),
    get failed() {
      return failed
    },
  }
}

/** Mistral and DeepSeek say `stop_reason`, and who counts nothing is counted by Bedrock. */
export function asOpenAi(json: JsonObject, counted: Usage | undefined): JsonObject {
  const choices = arrayOf(json['choices']).map((value) => {
    const choice = objectOf(value)
    if (choice === undefined) return value
    return compact({ ...choice, finish_reason: choice['finish_reason'] ?? choice['stop_reason'] })
  })
  const usage = counted && { prompt_tokens: counted.input, completion_tokens: counted.output }
  return compact({ ...json, choices, usage: objectOf(json['usage']) ?? usage })
}
