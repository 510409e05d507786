import type { Work } from '../contract/call.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import { countOf, parseObject } from '../kit/json-fields.ts'
import type { LaneInput } from './lane-input.ts'
import type { Lane } from './lane.ts'
import { WholeLane, type ReadWhole } from './lane-whole.ts'
import { pathFor } from './verbatim-path.ts'
import { passthroughBody } from './verbatim-body.ts'

type CountWork = Extract<Work, { operation: 'count' }>

/**
 * How many tokens a request has, from the one who would serve it; undefined where it cannot be asked, so that they are
 * counted here.
 */
export function countLane(input: LaneInput, { dialect, body }: CountWork): Lane | Failure | undefined {
  const { provider, target, send } = input
  const path = pathFor(provider.verbatim[dialect.verbatimRoute], target)
  if (path !== undefined) {
    const headers = { 'content-type': 'application/json', ...input.forwarded }
    const request = { method: 'POST', path, headers, body: passthroughBody(body, target, {}) } as const
    return new WholeLane({ name: 'verbatim', request, read: readVerbatim, send })
  }
  const { tokenCount } = provider
  if (tokenCount === undefined) return undefined
  const chat = dialect.parse(body.json)
  if (isFailure(chat)) return chat
  const request = tokenCount.request(chat, target)
  // It counts for other models alone.
  if (isFailure(request)) return request.kind === 'unsupported' ? undefined : request
  const read: ReadWhole = (bytes) => {
    const inputTokens = tokenCount.reply(bytes.toString('utf8'))
    if (isFailure(inputTokens)) return inputTokens
    return JSON.stringify(dialect.write(inputTokens, body.json))
  }
  return new WholeLane({ name: 'translated', request, read, send })
}

/** Counting is free, so nothing is booked; it only has to be an answer. */
const readVerbatim: ReadWhole = (bytes) => {
  return countOf(parseObject(bytes.toString('utf8'))?.['input_tokens']) === undefined ? NO_COUNT : bytes
}

const NO_COUNT: Failure = { kind: 'bad-reply', message: 'The upstream answered without a number of tokens.' }
