import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { KEY, OTHER_KEY, type Fixture } from './gateway-fixture.ts'
import { openAiError, sendRaw, type RawResponse, type SendOptions } from './raw-client.ts'

/** One row of `origin-policy.json`: bytes on the wire, and what must come of them. */
export interface Vector {
  readonly name: string
  /** The requirement that it belongs to. */
  readonly sec: string
  /** The rule that refuses it; `door` and `parser` are no rules of the list; null: it is served. */
  readonly rule: string | null
  /** Request line and headers; `{port}`, `{key}` and `{otherKey}` are filled in. */
  readonly lines: readonly string[]
  readonly body?: string
  readonly status: number
  readonly code?: string
  /** Calls that reach the engine. */
  readonly calls: number
  readonly headers?: Readonly<Record<string, string>>
}

export const vectors: readonly Vector[] = JSON.parse(
  readFileSync(join(import.meta.dirname, '../__fixtures__/origin-policy.json'), 'utf8'),
)

export interface Observed {
  readonly response: RawResponse | undefined
  /** The error's code, where the answer is an OpenAI-shaped error. */
  readonly code: unknown
  readonly calls: number
}

/** Sends a vector's bytes and reads what comes back. */
export async function replay(vector: Vector, gateway: Fixture, options: SendOptions = {}): Promise<Observed> {
  const before = gateway.calls.length
  const head = vector.lines.join('\r\n') + '\r\n\r\n'
  const bytes = (head + (vector.body ?? ''))
    .replaceAll('{port}', String(gateway.port))
    .replaceAll('{key}', KEY)
    .replaceAll('{otherKey}', OTHER_KEY)
  const { responses } = await sendRaw(gateway.port, bytes, { firstOnly: true, ...options })
  const [response] = responses
  return {
    response,
    code: response === undefined ? undefined : openAiError(response.body)?.['code'],
    calls: gateway.calls.length - before,
  }
}
