import type { StreamWriter, WriterContext } from '../contract/dialect.ts'
import type { StreamEvent, TextDelta } from '../contract/stream-event.ts'
import { openaiErrorEvent } from './openai-error.ts'
import { ChunkFrame, SSE_CONTENT_TYPE } from './openai-sse.ts'

/** Writes `text_completion` events as OpenAI does; reasoning and tool calls have no place on this wire. */
export function createCompletionsWriter(context: WriterContext): StreamWriter {
  const frame = new ChunkFrame('text_completion', context)
  return {
    contentType: SSE_CONTENT_TYPE,
    write: (events) => events.map((event) => writeEvent(frame, event)).join(''),
    done: () => frame.final(),
    fail: openaiErrorEvent,
  }
}

function writeEvent(frame: ChunkFrame, event: StreamEvent): string {
  switch (event.type) {
    case 'text-delta':
      return textChunk(frame, event)
    case 'end': {
      const choice = `"index":${event.choice ?? 0},"text":"","logprobs":null,"finish_reason":"${event.reason}"`
      return `${frame.head}[{${choice}}]${frame.tail}`
    }
    case 'start':
      frame.name(event)
      return ''
    case 'usage':
      frame.count(event.usage)
      return ''
    case 'reasoning-delta':
    case 'tool-call-start':
    case 'tool-call-delta':
    case 'failure':
    default:
      return ''
  }
}

function textChunk(frame: ChunkFrame, event: TextDelta): string {
  const logprobs = event.logprobs === undefined ? 'null' : JSON.stringify(event.logprobs)
  const choice = `"index":${event.choice ?? 0},"text":${JSON.stringify(event.text)},"logprobs":${logprobs}`
  return `${frame.head}[{${choice},"finish_reason":null}]${frame.tail}`
}
