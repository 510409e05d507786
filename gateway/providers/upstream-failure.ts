import type { Failure, FailureKind } from '../contract/failure.ts'
import type { JsonValue } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { HttpHead } from '../contract/provider.ts'
import { cleanMessage } from '../kit/clean-message.ts'
import { parseJson } from '../kit/json-fields.ts'
import { headerOf, retryHint } from '../kit/retry-after.ts'
import { failureInside, failureOf } from '../wire/error-failure.ts'
import { failureKind } from '../wire/failure-kind.ts'
import { readUpstreamError } from '../wire/upstream-error.ts'

/** Who answered, as far as an error message needs to know it. */
export interface Upstream {
  readonly label: string
  /** Environment variables that hold its key, for the hint of a refused one. */
  readonly keyEnv: readonly string[]
  /** What to do about a failure of this kind here, where that is special. */
  hint?(kind: FailureKind, message: string): string | undefined
}

/** What a reply that is not a success means. Never throws, whatever the body holds. */
export function upstreamFailure(upstream: Upstream, head: HttpHead, body: string): Failure {
  if (head.status >= 300 && head.status < 400) return redirected(upstream, head)
  const found = readUpstreamError(parseJson(body))
  if (found !== undefined) return withHint(upstream, failureOf(found, head))
  return unreadable(upstream, head, body)
}

/** An error that came inside a reply of status 200: in a stream's event or instead of the promised JSON. */
export function failureInReply(upstream: Upstream, json: JsonValue | undefined): Failure {
  return withHint(upstream, failureInside(json))
}

/** A 200 whose body is not what was asked for: a web page, half a JSON, nothing. */
export function badReply(upstream: Upstream, body: string): Failure {
  return { kind: 'bad-reply', message: `${upstream.label} ${whatItSent(body)}. Check the base URL of this provider.` }
}

/** The connection ended before the answer did. */
export function cutReply(upstream: Upstream): Failure {
  return { kind: 'cut', message: `${upstream.label} ended the stream before the answer was complete. Try again.` }
}

/** This target cannot do what was asked; the sentence says what and what to do instead. */
export function unsupported(upstream: Upstream, sentence: string): Failure {
  return { kind: 'unsupported', message: `${upstream.label} ${sentence}`, status: 400 }
}

/** Adds what to do next. */
function withHint(upstream: Upstream, failure: Failure): Failure {
  const { kind, message } = failure
  const hint = upstream.hint?.(kind, message) ?? commonHint(upstream, kind)
  return hint === undefined
    ? failure
    : { ...failure, message: `${message}${/[.!?]$/.test(message) ? '' : '.'} ${hint}` }
}

function commonHint(upstream: Upstream, kind: FailureKind): string | undefined {
  if (kind === 'quota') return `Add credit to the ${upstream.label} account, or use another provider.`
  if (kind !== 'unauthorized-upstream') return undefined
  const variable = upstream.keyEnv[0]
  const where = variable === undefined ? '' : ` (environment variable ${variable})`
  return `${upstream.label} refused its key: check the key of this provider in the configuration${where}.`
}

function redirected(upstream: Upstream, head: HttpHead): Failure {
  const location = headerOf(head, 'location')?.replace(/[?#].*$/s, '')
  const where = location === undefined || location === '' ? '' : ` to ${cleanMessage(location)}`
  return {
    kind: 'bad-reply',
    message: `${upstream.label} answered with a redirect${where}, which is not followed. Check the base URL of this provider.`,
    status: head.status,
  }
}

function unreadable(upstream: Upstream, head: HttpHead, body: string): Failure {
  const text = body.trim()
  const isPage = looksLikeHtml(text)
  const kind =
    isPage && head.status < 500 ? pageKind(head.status) : failureKind(head.status, { message: isPage ? '' : text })
  const retryAfterMs = retryHint(head, isPage ? '' : text)
  return {
    kind,
    message: `${upstream.label} ${whatItSent(body)} (HTTP ${head.status}).${urlHint(head.status)}`,
    status: head.status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}

/** A web page with a 4xx comes from a proxy or a wrong address, never from a model server. */
function pageKind(status: number): FailureKind {
  return status === 429 || status === 408 ? failureKind(status, { message: '' }) : 'bad-reply'
}

function urlHint(status: number): string {
  return status === 404 || status === 405 ? ' Check the base URL of this provider.' : ''
}

function whatItSent(body: string): string {
  // A whole reply may be large, and a page's title is searched for.
  const text = body.slice(0, limits.errorBodyBytes).trim()
  if (text === '') return 'answered without a body'
  if (looksLikeHtml(text)) {
    const title = /<title[^>]{0,200}>([^<]{1,200})/i.exec(text)?.[1]?.trim()
    return `answered with a web page${title === undefined || title === '' ? '' : ` ("${cleanMessage(title)}")`} instead of JSON`
  }
  if (/^[{[]/.test(text)) return 'answered with JSON that is incomplete or not an answer'
  const quoted = cleanMessage(text)
  return `answered: ${quoted.length > limits.quotedReplyChars ? `${quoted.slice(0, limits.quotedReplyChars)}...` : quoted}`
}

function looksLikeHtml(text: string): boolean {
  return /^\s*<(?:!doctype|html|head|body|title|center|h1|\?xml)/i.test(text)
}
