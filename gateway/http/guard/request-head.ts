/**
 * The facts about a request that the guard's rules decide on, taken from the header lines as they came.
 * Node's own `headers` keeps the first of two `Host` or `Authorization` lines without a word; `rawHeaders` does not.
 */
export interface RequestHead {
  readonly method: string
  /** The request-target as sent: `/v1/models?x=1`, `http://localhost/`, `*`. */
  readonly target: string
  /** `1.1`, `1.0`, `0.9`, `2.0`. */
  readonly version: string
  /** The address of the other end of the socket; undefined when it is gone already. */
  readonly peer: string | undefined
  readonly headerCount: number
  /** The first value of each header that a rule looks at. */
  readonly fields: HeadFields
  /** Names (lower case) of looked-at headers that came more than once. */
  readonly repeated: readonly string[]
}

export interface HeadFields {
  readonly host?: string
  readonly origin?: string
  readonly secFetchSite?: string
  readonly transferEncoding?: string
  readonly contentLength?: string
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly expect?: string
  readonly userAgent?: string
  readonly authorization?: string
  readonly xApiKey?: string
  readonly apiKey?: string
  readonly litellmApiKey?: string
  readonly requestedMethod?: string
  readonly requestedPrivateNetwork?: string
}

const FIELD_OF = new Map<string, keyof HeadFields>([
  ['host', 'host'],
  ['origin', 'origin'],
  ['sec-fetch-site', 'secFetchSite'],
  ['transfer-encoding', 'transferEncoding'],
  ['content-length', 'contentLength'],
  ['content-type', 'contentType'],
  ['content-encoding', 'contentEncoding'],
  ['expect', 'expect'],
  ['user-agent', 'userAgent'],
  ['authorization', 'authorization'],
  ['x-api-key', 'xApiKey'],
  ['api-key', 'apiKey'],
  ['x-litellm-api-key', 'litellmApiKey'],
  ['access-control-request-method', 'requestedMethod'],
  ['access-control-request-private-network', 'requestedPrivateNetwork'],
])

const NONE: readonly string[] = []

/** What {@link readHead} needs of Node's `IncomingMessage`; tests pass plain objects. */
export interface RawRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly httpVersion: string
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[]
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/** One pass over the header lines. */
export function readHead(request: RawRequest): RequestHead {
  const raw = request.rawHeaders
  const fields: { -readonly [Field in keyof HeadFields]: HeadFields[Field] } = {}
  let repeated = NONE
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase()
    const field = FIELD_OF.get(name)
    if (field === undefined) continue
    if (fields[field] === undefined) fields[field] = raw[index + 1] ?? ''
    else repeated = [...repeated, name]
  }
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    version: request.httpVersion,
    peer: request.socket.remoteAddress,
    headerCount: raw.length / 2,
    fields,
    repeated,
  }
}
