import type { Failure, FailureKind } from '../contract/failure.ts'
import { UNANSWERED } from './doctrine.ts'

/** How far an exchange had come when it broke. */
export interface Progress {
  /** Whom it was with, for people: `Ollama`, `OpenAI`. */
  readonly label: string
  /** `http://127.0.0.1:11434`. */
  readonly origin: string
  /** The connection stood and the request had been handed to it. */
  readonly sent: boolean
  /** The status line had arrived. */
  readonly replied: boolean
}

/**
 * What an error of the transport means. `code` is the system's or undici's own; anything without a known code is
 * told by how far the exchange had come, and an error that is neither is a fault of ours: undefined.
 */
export function transportFailure(error: unknown, progress: Progress): Failure | undefined {
  const code = codeOf(error)
  if (code === undefined) return undefined
  const { label, origin } = progress
  const known = KNOWN[code]
  if (known !== undefined && !progress.replied) return { kind: known.kind, code, message: known.say(progress) }
  if (isTlsCode(code)) return { kind: 'unreachable', code, message: tlsMessage(code, progress) }
  if (progress.replied) {
    const message = `${label} at ${origin} ended its answer in the middle. Ask again; its own log may say why.`
    return { kind: 'cut', code, message }
  }
  if (code.startsWith('HPE_') || NO_HTTP.has(code)) {
    return { kind: 'bad-reply', code, message: `What answers at ${origin} does not speak HTTP (${code}). ${CHECK_URL}` }
  }
  if (code === 'UND_ERR_INVALID_ARG') {
    return { kind: 'unsupported', code, message: `The request to ${label} cannot be written: ${messageOf(error)}.` }
  }
  if (!progress.sent)
    return { kind: 'unreachable', code, message: `${label} at ${origin} cannot be reached (${code}).` }
  return {
    kind: 'cut',
    code: UNANSWERED,
    message: `${label} at ${origin} closed the connection without an answer (${code}). The request may have been processed.`,
  }
}

const CHECK_URL = 'Check the base URL.'

/** Undici's own findings about a head that cannot be one: too long, or with lengths that contradict each other. */
const NO_HTTP: ReadonlySet<string> = new Set(['UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'])

interface Known {
  readonly kind: FailureKind
  readonly say: (progress: Progress) => string
}

const KNOWN: Readonly<Record<string, Known>> = {
  ECONNREFUSED: { kind: 'unreachable', say: nothingListens },
  ENOTFOUND: { kind: 'unreachable', say: nameUnknown },
  EAI_AGAIN: { kind: 'unreachable', say: nameUnknown },
  EHOSTUNREACH: { kind: 'unreachable', say: noWay },
  ENETUNREACH: { kind: 'unreachable', say: noWay },
  EHOSTDOWN: { kind: 'unreachable', say: noWay },
  UND_ERR_CONNECT_TIMEOUT: { kind: 'connect-timeout', say: connectTimeoutMessage },
  ETIMEDOUT: { kind: 'connect-timeout', say: connectTimeoutMessage },
}

/** How to start what runs on the user's own machine. */
const START: Readonly<Record<string, string>> = {
  Ollama: 'Start Ollama (`ollama serve`)',
  'LM Studio': 'Start its server (`lms server start`)',
  vLLM: 'Start vLLM (`vllm serve MODEL`)',
  'llama.cpp': 'Start it (`llama-server -m MODEL.gguf`)',
}

function nothingListens({ label, origin }: Progress): string {
  const start = START[label] ?? `Start ${label}`
  return `Nothing listens at ${origin}. ${start}, or correct the base URL.`
}

function nameUnknown({ origin }: Progress): string {
  return `The host name of ${origin} cannot be resolved. Check the base URL and the network.`
}

function noWay({ label, origin }: Progress): string {
  return `There is no way to ${label} at ${origin}: the host or its network is down.`
}

/** Also used by our own clock, which is usually the first to notice. */
export function connectTimeoutMessage({ label, origin }: Pick<Progress, 'label' | 'origin'>): string {
  return `${label} at ${origin} did not accept a connection in time. Check that it runs and that no firewall is in between.`
}

function isTlsCode(code: string): boolean {
  return /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO)/.test(code)
}

function tlsMessage(code: string, { label, origin }: Progress): string {
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) {
    return `${origin} does not speak TLS as expected (${code}). Check whether the base URL should begin with http://.`
  }
  return `The certificate of ${label} at ${origin} is not trusted (${code}). Check the URL, or set NODE_EXTRA_CA_CERTS.`
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  // Undici gives some errors of its parser no code.
  return error.name === 'HTTPParserError' ? 'HPE_INVALID' : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'invalid'
}
