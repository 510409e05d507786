import type { JsonBody, Work } from '../contract/call.ts'
import type { Dialect, EmbeddingsDialect } from '../contract/dialect.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { EmbeddingsTranslation, Provider, Translation } from '../contract/provider.ts'
import { mayRepair } from './answers.ts'
import { countLane } from './lane-count.ts'
import { translatedEmbeddings } from './lane-embeddings.ts'
import type { LaneInput } from './lane-input.ts'
import { PassthroughLane } from './lane-passthrough.ts'
import type { Lane, LaneRequest } from './lane.ts'
import { VerbatimStream } from './lane-verbatim.ts'
import { refusals, WholeLane, type ReadWhole } from './lane-whole.ts'
import { translatedLane, type Continuable, type DialectWork } from './lanes-translated.ts'
import { noteFacts } from './tally.ts'
import { passthroughBody, passthroughForm, verbatimBody, wantsUsage } from './verbatim-body.ts'
import { pathFor } from './verbatim-path.ts'

/**
 * The lane of one attempt; a failure where the target cannot serve the request at all. Undefined: it is answered here.
 */
export function chooseLane(input: LaneInput): Lane | Failure | undefined {
  const { work } = input.call
  switch (work.operation) {
    case 'chat':
      return dialectLane(input, work, input.provider.chat)
    case 'completions':
      return dialectLane(input, work, input.provider.completions)
    case 'embeddings':
      return embeddingsLane(input, work, input.provider.embeddings)
    case 'count':
      return countLane(input, work)
    case 'passthrough':
      return passthroughLane(input, work)
    default:
      return work satisfies never
  }
}

function dialectLane<Request extends Continuable>(
  input: LaneInput,
  work: DialectWork<Request>,
  translation: Translation<Request> | undefined,
): Lane | Failure {
  const applied = input.applyParams(work.body.json, input.target, input.provider)
  if (isFailure(applied)) return applied
  if (applied.dropped.length > 0) input.dropped(applied.dropped)
  const path = verbatimPath(input, work.dialect.verbatimRoute)
  if (path !== undefined) return verbatimLane(input, work, { path, edits: applied.edits })
  if (translation === undefined) return unsupported(input, work.operation)
  return translatedLane(input, work, { translation, edits: applied.edits })
}

/** The upstream's path for the client's own bytes; undefined where they have to be translated. */
function verbatimPath(input: LaneInput, route: Dialect<unknown>['verbatimRoute']): string | undefined {
  const { params } = input.target
  if (params.lane === 'translated' || params.mergeReasoning || input.continued !== undefined) return undefined
  // Calls that are written as text can only be mended in a stream that is read.
  if (mayRepair(input.target) && offersTools(input.call.work)) return undefined
  return pathFor(input.provider.verbatim[route], input.target)
}

function offersTools({ operation, body }: Work): boolean {
  if (operation !== 'chat') return false
  const { tools } = body.json
  return Array.isArray(tools) && tools.length > 0
}

interface VerbatimParts {
  readonly path: string
  readonly edits: JsonObject
}

function verbatimLane<Request>(input: LaneInput, work: DialectWork<Request>, parts: VerbatimParts): Lane {
  const { target, provider, call, delivery } = input
  const { dialect, body } = work
  const { stream } = call.facts
  const sent = verbatimBody({ body, route: dialect.verbatimRoute, target, provider, edits: parts.edits, stream })
  const request: LaneRequest = {
    method: 'POST',
    path: parts.path,
    headers: { ...JSON_TYPE, ...input.forwarded },
    body: sent.bytes,
  }
  if (!stream) return verbatimWhole(input, request, dialect)
  const { hideUsage } = sent
  return new VerbatimStream({
    request,
    reader: dialect.passing({ hideUsage, fillUsage: wantsUsage(body.json), keepSent: input.keepSent }),
    delivery,
    estimate: (kept) => input.answers.estimate(kept, call.facts.promptTokensEstimate),
  })
}

function verbatimWhole(input: LaneInput, request: LaneRequest, dialect: Pick<EmbeddingsDialect, 'readReply'>): Lane {
  const read: ReadWhole = (bytes, _head, tally) => {
    const facts = dialect.readReply(bytes.toString('utf8'))
    if (isFailure(facts)) return facts
    noteFacts(tally, facts)
    return bytes
  }
  return new WholeLane({ name: 'verbatim', request, read, send: input.send, ...refusals(input.call) })
}

function embeddingsLane(
  input: LaneInput,
  work: { readonly dialect: EmbeddingsDialect; readonly body: JsonBody },
  translation: EmbeddingsTranslation | undefined,
): Lane | Failure {
  const { target, provider } = input
  const applied = input.applyParams(work.body.json, target, provider)
  if (isFailure(applied)) return applied
  if (applied.dropped.length > 0) input.dropped(applied.dropped)
  const path = verbatimPath(input, work.dialect.verbatimRoute)
  if (path !== undefined) {
    const route = work.dialect.verbatimRoute
    const { bytes } = verbatimBody({ body: work.body, route, target, provider, edits: applied.edits, stream: false })
    return verbatimWhole(input, { method: 'POST', path, headers: JSON_TYPE, body: bytes }, work.dialect)
  }
  if (translation === undefined) return unsupported(input, 'embeddings')
  const { dialect, body } = work
  return translatedEmbeddings(input, { dialect, body, translation, edits: applied.edits })
}

function passthroughLane(input: LaneInput, work: Extract<Work, { operation: 'passthrough' }>): Lane | Failure {
  const path = pathFor(input.provider.verbatim[work.route], input.target)
  if (path === undefined) return unsupported(input, work.route)
  const { body } = work
  if (body.kind === 'multipart') {
    const headers = { 'content-type': body.contentType }
    const form: LaneRequest = { method: 'POST', path, headers, body: passthroughForm(body, input.target) }
    return new PassthroughLane(form, input.delivery)
  }
  const applied = input.applyParams(body.json, input.target, withoutChatRefusals(input.provider))
  if (isFailure(applied)) return applied
  if (applied.dropped.length > 0) input.dropped(applied.dropped)
  const bytes = passthroughBody(body, input.target, applied.edits)
  return new PassthroughLane({ method: 'POST', path, headers: JSON_TYPE, body: bytes }, input.delivery)
}

/** What a provider refuses is told of chat: `n` pictures are another matter. */
function withoutChatRefusals(provider: Provider): Provider {
  return { ...provider, unsupportedParams: NO_REFUSALS }
}

const NO_REFUSALS: readonly string[] = []

const JSON_TYPE = { 'content-type': 'application/json' } as const

function unsupported({ target, provider }: LaneInput, what: string): Failure {
  return { kind: 'unsupported', message: `${provider.label} (${target.id}) does not serve ${what}.` }
}
