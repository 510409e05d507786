import { createServer } from 'node:http'
import { ApiError, GoogleGenAI, type GenerateContentResponse, type Part } from '@google/genai'
import type { JsonObject } from '../../contract/json.ts'
import { objectOf, parseObject, textAt } from '../../kit/json-fields.ts'
import type { Exchange } from '../../test/exchanges.ts'

/** What the SDK made of a recording: its chunks, and the error that it raised after them. */
interface Read {
  readonly chunks: readonly GenerateContentResponse[]
  readonly raised: unknown
}

/** Google's own SDK, reading recordings from a server on this machine. */
export interface GoogleReplay {
  /** A client whose next request is answered with this recording. */
  sdk(exchange: Exchange): GoogleGenAI
  /** Rejects with the SDK's error where the recording is one as a whole. */
  read(exchange: Exchange): Promise<Read>
  oracle(exchange: Exchange): Promise<Meaning>
  close(): Promise<unknown>
}

/** Starts the server; whoever calls closes it. */
export async function replayGoogle(): Promise<GoogleReplay> {
  let playing: Exchange | undefined
  const server = createServer((_request, reply) => {
    const { status, contentType } = playing ?? { status: 500, contentType: 'text/plain' }
    reply.writeHead(status, { 'content-type': contentType }).end(playing?.reply)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const baseUrl = `http://127.0.0.1:${address.port}`
  const sdk = (exchange: Exchange): GoogleGenAI => {
    playing = exchange
    return new GoogleGenAI({ apiKey: 'k', vertexai: false, httpOptions: { baseUrl, retryOptions: { attempts: 1 } } })
  }
  const read = (exchange: Exchange): Promise<Read> => readWith(sdk(exchange), exchange)
  return {
    sdk,
    read,
    oracle: async (exchange) => meaningFor(await read(exchange), exchange),
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** What the SDK makes of the recording: its chunks, and the error that it raised after them. */
async function readWith({ models }: GoogleGenAI, exchange: Exchange): Promise<Read> {
  const asked = { model: 'm', contents: 'x' }
  if (!exchange.stream) return { chunks: [await models.generateContent(asked)], raised: undefined }
  const chunks: GenerateContentResponse[] = []
  try {
    for await (const chunk of await models.generateContentStream(asked)) chunks.push(chunk)
  } catch (raised) {
    return { chunks, raised }
  }
  return { chunks, raised: undefined }
}

/** What the SDK's chunks mean. */
function meaningFor({ chunks, raised }: Read, exchange: Exchange): Meaning {
  const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? [])
  const calls = callsOf(parts)
  const text = texts(parts, false)
  // The last chunk that counts anything: Vertex' first ones only name the kind of traffic.
  const metadata = chunks.map((chunk) => chunk.usageMetadata).findLast((usage) => usage?.promptTokenCount !== undefined)
  const useful = text !== '' || calls.length > 0
  return {
    text,
    thoughts: texts(parts, true),
    calls,
    finish: raised === undefined ? finishOf(chunks, { useful, called: calls.length > 0 }) : kindInside(exchange),
    usage: metadata && {
      input: (metadata.promptTokenCount ?? 0) + (metadata.toolUsePromptTokenCount ?? 0),
      output: (metadata.candidatesTokenCount ?? 0) + (metadata.thoughtsTokenCount ?? 0),
      cached: metadata.cachedContentTokenCount ?? 0,
      thoughts: metadata.thoughtsTokenCount ?? 0,
    },
  }
}

/** What an answer means, in terms that both readers have. */
export interface Meaning {
  readonly text: string
  readonly thoughts: string
  readonly calls: readonly { readonly name: string; readonly args: unknown; readonly signature: string | undefined }[]
  readonly finish: string
  readonly usage: JsonObject | undefined
}

function texts(parts: readonly Part[], thought: boolean): string {
  return parts.map((part) => ((part.thought === true) === thought ? (part.text ?? '') : '')).join('')
}

/** Calls; those that come in pieces only fill one text in the recordings, so that putting them together is easy here. */
function callsOf(parts: readonly Part[]): Meaning['calls'] {
  const calls: { name: string; args: Record<string, unknown>; signature: string | undefined }[] = []
  for (const { functionCall, thoughtSignature } of parts) {
    if (functionCall === undefined) continue
    if (functionCall.name !== undefined) {
      calls.push({ name: functionCall.name, args: { ...functionCall.args }, signature: thoughtSignature })
    }
    const args = calls.at(-1)?.args ?? {}
    for (const { jsonPath = '', stringValue, numberValue, boolValue } of functionCall.partialArgs ?? []) {
      const key = jsonPath.slice(2)
      const before = args[key]
      args[key] = typeof before === 'string' ? before + (stringValue ?? '') : (stringValue ?? numberValue ?? boolValue)
    }
  }
  return calls
}

function finishOf(
  chunks: readonly GenerateContentResponse[],
  { useful, called }: { readonly useful: boolean; readonly called: boolean },
): string {
  if (chunks.some((chunk) => chunk.promptFeedback?.blockReason !== undefined)) return 'content_filter'
  const reason = String(chunks.map((chunk) => chunk.candidates?.[0]?.finishReason).findLast(Boolean))
  if (['SAFETY', 'RECITATION', 'PROHIBITED_CONTENT', 'BLOCKLIST', 'SPII', 'MODEL_ARMOR'].includes(reason))
    return 'content_filter'
  if (reason === 'MAX_TOKENS') return 'length'
  if (!useful && reason !== 'STOP') return 'server-error'
  return called ? 'tool_calls' : 'stop'
}

/** The SDK only says that what stands between the events is none; this is what stands there. */
function kindInside({ reply }: Exchange): string {
  const body = reply.toString('utf8')
  const stray = objectOf(parseObject(body.slice(body.lastIndexOf('\n{') + 1))?.['error'])
  return kindOf(new ApiError({ status: Number(stray?.['code']), message: textAt(stray, 'message') ?? '' }))
}

/** Our kind for what the SDK raised. */
export function kindOf(error: unknown): string {
  const { status, message } = error instanceof ApiError ? error : { status: 0, message: String(error) }
  if (/API_KEY_INVALID/.test(message)) return 'unauthorized-upstream'
  if (status === 503 || /"code":\s*503|UNAVAILABLE|overloaded/.test(message)) return 'overloaded'
  if (status === 429) return 'rate-limited'
  if (status === 404) return 'model-missing'
  return status === 400 ? 'bad-request' : 'server-error'
}
