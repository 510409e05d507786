import type { HttpHead, Reader } from '../../contract/provider.ts'
import type { StreamEvent, Usage } from '../../contract/stream-event.ts'

/** Feeds a reply to a reader in pieces of `size` bytes. */
export function readReply(reader: Reader, reply: Uint8Array, size: number): readonly StreamEvent[] {
  const events: StreamEvent[] = []
  for (let at = 0; at < reply.length; at += size) events.push(...reader.push(reply.subarray(at, at + size)))
  return [...events, ...reader.end()]
}

/** A reply's head with this status and content type. */
export function replyHead(status: number, contentType: string): HttpHead {
  return { status, headers: { 'content-type': contentType } }
}

/** What events say, put together: for comparisons that do not care how a reply was cut into events. */
export interface Answer {
  readonly text: string
  readonly reasoning: string
  readonly tools: readonly { readonly id: string; readonly name: string; readonly argumentsJson: string }[]
  readonly finish: string | undefined
  readonly usage: Usage | undefined
  readonly failure: { readonly kind: string; readonly message: string } | undefined
}

/** Collects events of one choice (or of all, in order) into an answer. */
export function answerOf(events: readonly StreamEvent[]): Answer {
  const tools: { id: string; name: string; argumentsJson: string }[] = []
  let text = ''
  let reasoning = ''
  let finish: string | undefined
  let usage: Usage | undefined
  let failure: Answer['failure']
  for (const event of events) {
    if (event.type === 'text-delta') text += event.text
    else if (event.type === 'reasoning-delta') reasoning += event.text
    else if (event.type === 'tool-call-start') tools.push({ id: event.id, name: event.name, argumentsJson: '' })
    else if (event.type === 'tool-call-delta') {
      const call = tools[event.index]
      if (call !== undefined) call.argumentsJson += event.argumentsJson
    } else if (event.type === 'usage') usage = event.usage
    else if (event.type === 'end') finish = event.reason
    else if (event.type === 'failure') failure = event.failure
  }
  return { text, reasoning, tools, finish, usage, failure }
}
