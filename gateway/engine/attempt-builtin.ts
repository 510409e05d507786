import type { ChatRequest } from '../contract/chat.ts'
import type { ChatDialect, Collector, StreamWriter, WriterContext } from '../contract/dialect.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { Provider } from '../contract/provider.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import type { Delivery, ReplyHead } from './delivery.ts'
import { isContent } from './lane-translated.ts'
import type { SendWhole } from './lane-whole.ts'
import type { Tally } from './tally.ts'

/** An answer from inside this process: the echo model, which has no upstream that could fail. */
export interface BuiltinParts {
  readonly dialect: ChatDialect
  readonly writer: StreamWriter
  readonly body: JsonObject
  readonly respond: NonNullable<Provider['respond']>
  readonly context: WriterContext
  readonly stream: boolean
  readonly delivery: Delivery
  readonly replyHead: ReplyHead
  readonly send: SendWhole
  readonly tally: Tally
}

/** Writes the whole answer at once: it is bounded by the request that it echoes. */
export function answerBuiltin(parts: BuiltinParts): Failure | undefined {
  const request: ChatRequest | Failure = parts.dialect.parse(parts.body)
  if (isFailure(request)) return request
  const events = [...parts.respond(request)]
  for (const event of events) note(parts.tally, event)
  parts.delivery.prepare(parts.replyHead, undefined)
  if (parts.stream) return stream(parts, events, parts.writer)
  return collect(parts, events, parts.dialect.collector(parts.context))
}

function stream(parts: BuiltinParts, events: readonly StreamEvent[], writer: StreamWriter): undefined {
  for (const event of events) {
    if (isContent(event)) parts.delivery.committed = true
    const text = writer.write([event])
    if (text !== '') parts.delivery.write(text)
  }
  parts.delivery.committed = true
  parts.delivery.end(writer.done())
}

function collect(parts: BuiltinParts, events: readonly StreamEvent[], collector: Collector): Failure | undefined {
  collector.push(events)
  const reply = collector.result()
  if (isFailure(reply)) return reply
  parts.send(JSON.stringify(reply), parts.tally)
  return undefined
}

function note(tally: Tally, event: StreamEvent): void {
  if (event.type === 'usage') tally.usage = event.usage
  else if (event.type === 'end') tally.finish = event.reason
}
