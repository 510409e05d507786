import { crc32 } from 'node:zlib'
import type { JsonValue } from '../../contract/json.ts'

/** One message to be framed: its headers (all texts) and its payload. */
export interface FrameParts {
  readonly headers: Readonly<Record<string, string>>
  readonly payload: JsonValue
}

/** A message of an AWS event stream, as AWS documents its bytes. */
export function eventStreamFrame({ headers, payload }: FrameParts): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => textHeader(name, value)))
  const body = Buffer.from(JSON.stringify(payload))
  return frameOf(head, body)
}

/** A frame around header bytes and a payload of any kind. */
export function frameOf(head: Buffer, body: Buffer): Buffer {
  const prelude = Buffer.alloc(8)
  prelude.writeUInt32BE(16 + head.length + body.length, 0)
  prelude.writeUInt32BE(head.length, 4)
  const before = Buffer.concat([prelude, checksum(prelude), head, body])
  return Buffer.concat([before, checksum(before)])
}

/** A header with a text. */
export function textHeader(name: string, value: string): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([Buffer.from([Buffer.byteLength(name)]), Buffer.from(name), Buffer.from([7]), length, bytes])
}

/** Events of Converse: `[name, payload]`; an exception's name ends in `Exception`. */
export function converseBytes(events: readonly (readonly [string, JsonValue])[]): Buffer {
  return Buffer.concat(
    events.map(([name, payload]) => {
      const type = name.endsWith('Exception') ? 'exception' : 'event'
      return eventStreamFrame({
        headers: { [`:${type}-type`]: name, ':content-type': 'application/json', ':message-type': type },
        payload,
      })
    }),
  )
}

/** Chunks of `invoke-with-response-stream`, each the model's own event. */
export function chunkBytes(events: readonly JsonValue[]): Buffer {
  return converseBytes(
    events.map((event) => ['chunk', { bytes: Buffer.from(JSON.stringify(event)).toString('base64'), p: 'abc' }]),
  )
}

function checksum(bytes: Buffer): Buffer {
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(bytes))
  return sum
}
