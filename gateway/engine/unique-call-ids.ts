import type { ChatRequest } from '../contract/chat.ts'
import type { Reader } from '../contract/provider.ts'
import type { StreamEvent } from '../contract/stream-event.ts'

/**
 * Gives a tool call another id where the conversation has one of that id already. Some servers count from zero in every
 * answer, and an agent that meets an id again takes the call for one that it has made, and its old result for the new one.
 */
export function withUniqueCallIds(reader: Reader, request: ChatRequest): Reader {
  const taken = new Set<string>()
  for (const message of request.messages) {
    if (message.role === 'assistant') for (const { id } of message.toolCalls) taken.add(id)
  }
  if (taken.size === 0) return reader
  const renamed = (events: readonly StreamEvent[]): readonly StreamEvent[] =>
    events.some(isTaken) ? events.map(rename) : events
  const isTaken = (event: StreamEvent): boolean => event.type === 'tool-call-start' && taken.has(event.id)
  const rename = (event: StreamEvent): StreamEvent =>
    event.type === 'tool-call-start' && taken.has(event.id) ? { ...event, id: freeId(event.id, taken) } : event
  return { push: (bytes) => renamed(reader.push(bytes)), end: () => renamed(reader.end()) }
}

/** The same for the same conversation, so that it can be sent again. */
function freeId(id: string, taken: Set<string>): string {
  let number = 2
  while (taken.has(`${id}_${number}`)) number++
  const free = `${id}_${number}`
  taken.add(free)
  return free
}
