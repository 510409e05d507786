import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isJsonObject, type JsonObject } from '../contract/json.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** Where recorded exchanges with real providers lie; suites over them skip, saying so, where the folder is absent. */
export const EXCHANGES_DIR = process.env['SPILLWAY_TRACES'] ?? resolve(ROOT, '../shared/traces')
export const haveExchanges: boolean = existsSync(join(EXCHANGES_DIR, 'INDEX.tsv'))

/** One recorded exchange with a real provider. */
export interface Exchange {
  readonly provider: string
  readonly name: string
  /** `chat`, `completions`, `embeddings`, `native-chat`... */
  readonly api: string
  readonly stream: boolean
  readonly status: number
  readonly contentType: string
  readonly requestBody: JsonObject
  readonly reply: Buffer
}

/** Every recorded exchange of these providers and APIs, in the index's order. */
export function loadExchanges(providers: readonly string[], apis: readonly string[]): readonly Exchange[] {
  if (!haveExchanges) return []
  const rows = readFileSync(join(EXCHANGES_DIR, 'INDEX.tsv'), 'utf8').trim().split('\n').slice(1)
  return rows
    .map((row) => row.split('\t'))
    .filter(([provider]) => providers.includes(provider ?? ''))
    .map(([provider = '', name = '']) => loadExchange(provider, name))
    .filter((exchange) => apis.includes(exchange.api))
}

function loadExchange(provider: string, name: string): Exchange {
  const folder = join(EXCHANGES_DIR, provider, name)
  const request = readObject(join(folder, 'request.json'))
  const meta = readObject(join(folder, 'response.meta.json'))
  const framing = textOf(meta['framing'])
  const types: Readonly<Record<string, string>> = {
    sse: 'text/event-stream',
    ndjson: 'application/x-ndjson',
    json: 'application/json',
  }
  return {
    provider,
    name,
    api: textOf(meta['api']),
    stream: framing !== 'json',
    status: Number(meta['status']),
    contentType: types[framing] ?? 'application/json',
    requestBody: isJsonObject(request['body']) ? request['body'] : {},
    reply: readFileSync(join(folder, 'response.body')),
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function readObject(path: string): JsonObject {
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
  return isJsonObject(value) ? value : {}
}
