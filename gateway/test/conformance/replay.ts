import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Recording } from './corpus.ts'

/** How much of a recording is sent, and how it ends. */
export interface Cut {
  readonly bytes: number
  /** False: the connection breaks instead of ending. */
  readonly clean: boolean
}

/** An upstream that answers every request with the recording that it was last given. */
export interface Replay {
  readonly url: string
  play(recording: Recording, cut?: Cut): void
  /** What was asked since {@link play}. */
  readonly asked: { readonly path: string; readonly body: string } | undefined
  close(): Promise<void>
}

/** Odd sizes, so that events, lines and characters are cut everywhere. */
const PIECE_BYTES = [1, 7, 211, 37, 1024, 3, 4096]

export async function startReplay(): Promise<Replay> {
  let playing: { readonly recording: Recording; readonly cut: Cut | undefined } | undefined
  let asked: Replay['asked']
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer) // a request without encoding yields buffers
    asked = { path: request.url ?? '', body: Buffer.concat(chunks).toString('utf8') }
    if (playing === undefined) response.writeHead(500).end()
    else send(playing.recording, playing.cut, response)
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server always has one
  return {
    url: `http://127.0.0.1:${port}`,
    play: (recording, cut) => {
      playing = { recording, cut }
      asked = undefined
    },
    get asked() {
      return asked
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function send({ status, headers, body }: Recording, cut: Cut | undefined, response: ServerResponse): void {
  response.writeHead(status, headers)
  const end = cut?.bytes ?? body.length
  let offset = 0
  for (let i = 0; offset < end; i += 1) {
    const size = PIECE_BYTES[i % PIECE_BYTES.length] ?? 1
    response.write(body.subarray(offset, Math.min(end, offset + size)))
    offset += size
  }
  if (cut?.clean === false) response.write('', () => response.destroy())
  else response.end()
}
