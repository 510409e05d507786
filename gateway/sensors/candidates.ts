/** An address at which a runner may answer: scheme, host, port and perhaps a path; without a slash at the end. */
export type Candidate = string

export interface CandidateFacts {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Addresses that the user named. */
  readonly extra: readonly string[]
  /** Spillway's own port: it must not find itself. */
  readonly ownPort: number | undefined
}

/** The default ports of Ollama, vLLM, llama.cpp (old, new), SGLang, LM Studio, Lemonade, Jan, Docker, TGI. */
const PORTS = [11434, 8000, 8080, 9931, 30000, 1234, 13305, 1337, 12434, 3000]

/** Where to look, each address once; what the environment says comes first. */
export function candidates({ env, extra, ownPort }: CandidateFacts): readonly Candidate[] {
  const stated = [
    ollamaAddress(env['OLLAMA_HOST']),
    ...['LEMONADE_PORT', 'LLAMA_ARG_PORT'].map((name) => portAddress(env[name])),
    ...extra.map(cleanAddress),
  ].filter((address) => address !== undefined)
  const all = [...stated, ...PORTS.map((port) => `http://127.0.0.1:${port}`)]
  return [...new Set(all)].filter((address) => !isOurs(address, ownPort))
}

/** True for an address of this machine's loopback interface. */
export function isLoopback(address: Candidate): boolean {
  const { hostname } = new URL(address)
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

/**
 * `OLLAMA_HOST` as Ollama reads it (envconfig/config.go): a host, a port or both, with or without a scheme, perhaps
 * quoted. It is also the address that the server listens on, and "any address" is reached by loopback.
 */
function ollamaAddress(stated: string | undefined): Candidate | undefined {
  const text = stated?.trim().replaceAll(/^["']|["']$/g, '')
  if (text === undefined || text === '') return undefined
  if (/^https?:\/\//i.test(text)) return cleanAddress(text)
  const host = /^:\d+$/.test(text) ? `127.0.0.1${text}` : text
  const [authority = ''] = host.split('/')
  const hasPort = /^(\[.*\]|[^:]*):\d+$/.test(authority)
  return cleanAddress(`http://${hasPort ? host : host.replace(authority, `${bracketed(authority)}:11434`)}`)
}

function portAddress(stated: string | undefined): Candidate | undefined {
  const port = Number(stated)
  return Number.isInteger(port) && port > 0 && port < 65_536 ? `http://127.0.0.1:${port}` : undefined
}

/** One spelling for one place: `localhost` may mean ::1 to Node, where few runners listen. */
function cleanAddress(text: string): Candidate | undefined {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined
  if (['localhost', '0.0.0.0', '[::]'].includes(url.hostname)) url.hostname = '127.0.0.1'
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}

function isOurs(address: Candidate, ownPort: number | undefined): boolean {
  return ownPort !== undefined && isLoopback(address) && new URL(address).port === String(ownPort)
}
