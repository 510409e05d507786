import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject } from '../../contract/json.ts'
import { EXCHANGES_DIR, haveExchanges } from '../exchanges.ts'
import { at, numberAt, parsed, textAt } from './loose.ts'

/** One recorded exchange, with everything that a replay and a reader need. */
export interface Recording {
  /** `provider/name`. */
  readonly id: string
  readonly provider: string
  readonly api: string
  readonly tags: ReadonlySet<string>
  /** The client asked for a stream, whether or not it got one. */
  readonly stream: boolean
  readonly framing: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** With its query, as it was asked. */
  readonly path: string
  readonly request: JsonObject
  readonly body: Buffer
}

/** Every recorded exchange in the index's order; none where the folder is absent. */
export function loadRecordings(): readonly Recording[] {
  if (!haveExchanges) return []
  const rows = readFileSync(join(EXCHANGES_DIR, 'INDEX.tsv'), 'utf8').trim().split('\n').slice(1)
  return rows.map((row) => {
    const [provider = '', name = '', tags = ''] = row.split('\t')
    return loadRecording(provider, name, new Set(tags.split(',').filter((tag) => tag !== '')))
  })
}

const TYPES: Readonly<Record<string, string>> = {
  sse: 'text/event-stream',
  ndjson: 'application/x-ndjson',
  json: 'application/json',
  eventstream: 'application/vnd.amazon.eventstream',
}

/** Headers that say how bytes travelled, which is another way now. */
const OF_THE_WAY = /^(?:transfer-encoding|content-length|content-encoding|connection|date|content-type|server)$/

function loadRecording(provider: string, name: string, tags: ReadonlySet<string>): Recording {
  const folder = join(EXCHANGES_DIR, provider, name)
  const request = parsed(readFileSync(join(folder, 'request.json'), 'utf8'))
  const meta = parsed(readFileSync(join(folder, 'response.meta.json'), 'utf8'))
  const framing = textAt(meta, 'framing')
  const path = textAt(request, 'path')
  const body = readFileSync(join(folder, 'response.body'))
  const isResponses = textAt(meta, 'api') === 'responses'
  return {
    id: `${provider}/${name}`,
    provider,
    api: textAt(meta, 'api'),
    tags,
    stream: framing !== 'json' || at(request, 'body', 'stream') === true || /stream/i.test(path),
    framing,
    status: numberAt(meta, 'status') ?? 0,
    headers: { ...headersOf(meta), 'content-type': TYPES[framing] ?? 'application/json' },
    path,
    request: parsed(JSON.stringify(at(request, 'body') ?? {})),
    body: isResponses ? firstResponse(body) : body,
  }
}

function headersOf(meta: JsonObject): Record<string, string> {
  const headers = Object.entries(parsed(JSON.stringify(meta['headers'] ?? {})))
  return Object.fromEntries(
    headers.flatMap(([name, value]) => (typeof value === 'string' && !OF_THE_WAY.test(name) ? [[name, value]] : [])),
  )
}

/** One recording holds the four responses of a loop, one after another; the first of them is the reply. */
function firstResponse(reply: Buffer): Buffer {
  const text = reply.toString('latin1')
  const created = /"type": ?"response\.created"/g
  const [, second] = [...text.matchAll(created)]
  return second === undefined ? reply : reply.subarray(0, text.lastIndexOf('event:', second.index))
}
