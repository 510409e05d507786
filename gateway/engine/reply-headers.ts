import type { Conversion } from '../contract/conversion.ts'
import { limits } from '../contract/limits.ts'
import type { HttpHead } from '../contract/provider.ts'
import type { Plan, Target } from '../contract/route.ts'
import { redact } from '../kit/redact.ts'
import { addressOf } from './address.ts'
import { conversionsText } from './conversion-report.ts'

/** What the headers of a reply tell about how it came to be. */
export interface ReplyStory {
  readonly id: string
  readonly plan: Plan
  readonly reason: string
  /** Attempts made, the present one included. */
  readonly attempts: number
  /** Of these: after the first one of their group. */
  readonly retries: number
  /** Fallback groups entered. */
  readonly fallbacks: number
  readonly dropped: readonly string[]
  readonly conversions: readonly Conversion[]
}

/**
 * Spillway's own headers, and LiteLLM's names for the same, which some tools read. They are added to what is there:
 * a dozen headers that are copied from object to object cost as much as the whole plan.
 */
export function addStoryHeaders(headers: Record<string, string>, story: ReplyStory, target: Target | undefined): void {
  headers['x-spillway-request-id'] = story.id
  headers['x-spillway-reason'] = story.reason
  headers['x-spillway-attempts'] = String(story.attempts)
  headers['x-litellm-call-id'] = story.id
  headers['x-litellm-model-group'] = headerText(story.plan.route)
  headers['x-litellm-attempted-retries'] = String(story.retries)
  headers['x-litellm-attempted-fallbacks'] = String(story.fallbacks)
  if (target !== undefined) addAll(headers, targetHeaders(target))
  if (story.conversions.length > 0) headers['x-spillway-conversions'] = headerText(conversionsText(story.conversions))
  if (story.dropped.length > 0) headers['x-spillway-dropped-params'] = headerText(story.dropped.join(', '))
}

function addAll(headers: Record<string, string>, more: Readonly<Record<string, string>>): void {
  for (const name in more) headers[name] = more[name] ?? ''
}

const ofTargets = new WeakMap<Target, Readonly<Record<string, string>>>()

/** The same for every reply of a target, so made once. */
function targetHeaders(target: Target): Readonly<Record<string, string>> {
  const known = ofTargets.get(target)
  if (known !== undefined) return known
  const address = addressOf(target)
  const headers: Record<string, string> = {
    'x-spillway-target': headerText(target.id),
    'x-spillway-locality': target.locality,
    'x-litellm-model-id': headerText(target.id),
  }
  // Neither query nor user information: both may hold a key.
  if (address !== undefined) headers['x-litellm-model-api-base'] = headerText(address.origin + address.prefix)
  ofTargets.set(target, headers)
  return headers
}

/** What a reply that came in one piece has cost. */
export function addCostHeaders(headers: Record<string, string>, costUsd: number | undefined): void {
  if (costUsd === undefined) return
  const text = costUsd.toFixed(10).replace(/\.?0+$/, '')
  headers['x-spillway-cost-usd'] = text
  headers['x-litellm-response-cost'] = text
}

/** What of the upstream's headers is the client's business. */
export function addPassedHeaders(headers: Record<string, string>, head: HttpHead): void {
  let left: number = limits.passedHeaders
  for (const name in head.headers) {
    const value = head.headers[name]
    if (value === undefined || name.length > limits.quotedNameChars) continue
    if (name.startsWith('x-ratelimit-') || name.startsWith('openai-')) left -= 1
    if (left < 0) return
    if (name.startsWith('x-ratelimit-') || name.startsWith('openai-')) headers[name] = passedText(value)
    else if (name === 'x-request-id') headers['llm_provider-x-request-id'] = passedText(value)
  }
}

/** The upstream's content type where the reply is its own bytes. */
export function contentTypeOf(head: HttpHead, otherwise: string): string {
  const value = head.headers['content-type']
  return value === undefined ? otherwise : passedText(value)
}

/** An upstream's header for the client: some echo keys in the strangest places. */
function passedText(value: string | readonly string[]): string {
  return headerText(redact(textOf(value).slice(0, limits.passedHeaderChars)))
}

function textOf(value: string | readonly string[]): string {
  return typeof value === 'string' ? value : value.join(', ')
}

const NOT_IN_HEADERS = /[^\t\u0020-\u007e\u00a0-\u00ff]/g

/** Makes any text fit for a header: no line can be smuggled in, no character makes Node refuse it. */
export function headerText(text: string): string {
  const short = text.length <= limits.replyHeaderChars ? text : `${text.slice(0, limits.replyHeaderChars)}...`
  return short.replace(NOT_IN_HEADERS, '?')
}
