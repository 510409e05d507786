import type { Script } from './fault-client.ts'
import type { FaultWire } from './fault-wire.ts'
import { saidBy } from './fault-wire-said.ts'
import type { UpstreamWire } from './loops/upstream-wire.ts'

export const EVENTS = 'text/event-stream'
export const JSON_TYPE = 'application/json'

type Common = Pick<FaultWire, 'streams' | 'say'>

/** Says what a scripted wire says. */
export function scripted(wire: UpstreamWire): Common {
  return {
    streams: (path, body) => wire.hear(body as Parameters<UpstreamWire['hear']>[0], path).stream, // JSON as it came
    say: (script, stream) => wire.say(saidBy(script), { stream, id: 'said' }),
  }
}

/** Server-sent events, or one JSON object. */
export function events(pieces: (script: Script) => readonly string[], whole: (script: Script) => string): Common {
  return {
    streams: (_path, body) => body['stream'] === true,
    say: (script, stream) =>
      stream ? { contentType: EVENTS, pieces: pieces(script) } : { contentType: JSON_TYPE, pieces: [whole(script)] },
  }
}

/** A body of JSON. */
export function jsonBody(value: object): { readonly body: string } {
  return { body: JSON.stringify(value) }
}

/** What stands between the events of servers and proxies. */
export const SSE_GARBAGE = [': ping\n\n', '\n\n']
/** An event that no wire has. */
export const BANANA = 'event: banana\ndata: {"type":"banana","ripe":true}\n\n'
