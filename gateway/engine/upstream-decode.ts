import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'

/** What a decoder tells while it works. */
export interface DecodeHandlers {
  data(chunk: Uint8Array): void
  end(): void
  /** The bytes are not what the header said. */
  broken(): void
  /** The decoder holds enough; `drained` when it can take more. */
  full(): void
  drained(): void
}

/** Undoes a content encoding that we had asked an upstream not to use. */
export interface Decoder {
  write(chunk: Uint8Array): void
  end(): void
  pause(): void
  resume(): void
  destroy(): void
}

/** Undefined for `identity`; `unknown` for an encoding that nobody can undo. */
export function createDecoder(encoding: string | undefined, handlers: DecodeHandlers): Decoder | 'unknown' | undefined {
  const name = encoding?.trim().toLowerCase() ?? ''
  if (name === '' || name === 'identity') return undefined
  const stream = openStream(name)
  if (stream === undefined) return 'unknown'
  stream.on('data', (chunk: Buffer) => handlers.data(chunk))
  stream.on('end', () => handlers.end())
  stream.on('error', () => handlers.broken())
  stream.on('drain', () => handlers.drained())
  return {
    write: (chunk) => {
      if (!stream.write(chunk)) handlers.full()
    },
    end: () => void stream.end(),
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    destroy: () => void stream.destroy(),
  }
}

function openStream(name: string): ReturnType<typeof createGunzip> | undefined {
  switch (name) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip()
    case 'deflate':
      return createInflate()
    case 'br':
      return createBrotliDecompress()
    case 'zstd':
      return createZstdDecompress()
    default:
      return undefined
  }
}
