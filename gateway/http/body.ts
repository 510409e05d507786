import type { IncomingMessage } from 'node:http'
import { bodyTooLarge } from './guard/request-rules.ts'
import type { Refusal } from './guard/refusal.ts'

/** `gone`: the client left, or its request broke off, before the body was complete. Nobody is left to answer. */
export type BodyResult =
  | { readonly kind: 'body'; readonly raw: Buffer }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'gone' }

const EMPTY = Buffer.alloc(0)

/**
 * Reads a whole body of at most `allowedBytes`. A body that came in one piece is handed on as it is, any other is
 * joined once. Beyond the limit nothing more is kept; what still comes is the caller's to discard.
 */
export function readBody(request: IncomingMessage, allowedBytes: number): Promise<BodyResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0

    const finish = (result: BodyResult): void => {
      request.off('data', onData)
      request.off('end', onEnd)
      request.off('close', onClose)
      resolve(result)
    }
    const onData = (chunk: Buffer): void => {
      size += chunk.length
      if (size > allowedBytes) finish({ kind: 'refused', refusal: bodyTooLarge(allowedBytes) })
      else chunks.push(chunk)
    }
    const onEnd = (): void => finish({ kind: 'body', raw: joined(chunks, size) })
    const onClose = (): void => finish({ kind: 'gone' })

    if (request.destroyed) {
      resolve({ kind: 'gone' })
      return
    }
    request.on('data', onData)
    request.on('end', onEnd)
    request.on('close', onClose)
  })
}

function joined(chunks: readonly Buffer[], size: number): Buffer {
  return chunks.length === 1 ? (chunks[0] ?? EMPTY) : Buffer.concat(chunks, size)
}
