import type { JsonBody } from '../contract/call.ts'
import type { EmbeddingsReply, EmbeddingsRequest } from '../contract/chat.ts'
import type { EmbeddingsDialect } from '../contract/dialect.ts'
import { isFailure, type Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type { EmbeddingsTranslation } from '../contract/provider.ts'
import type { LaneInput } from './lane-input.ts'
import type { Lane } from './lane.ts'
import { WholeLane, type ReadWhole } from './lane-whole.ts'
import { edited, laneRequest } from './lanes-translated.ts'

interface EmbeddingsParts {
  readonly dialect: EmbeddingsDialect
  readonly body: JsonBody
  readonly translation: EmbeddingsTranslation
  readonly edits: JsonObject
}

/** Embeddings in the upstream's wire: as many requests, one after the other, as its limit on inputs asks for. */
export function translatedEmbeddings(input: LaneInput, parts: EmbeddingsParts): Lane | Failure {
  const request = parts.dialect.parse(edited(parts.body.json, parts.edits))
  if (isFailure(request)) return request
  const max = parts.translation.maxInputs?.(input.target) ?? request.inputs.length
  const batches = splitInputs(request, Math.max(1, max))
  return batchLane(input, parts, { request, batches, replies: [] })
}

interface Progress {
  readonly request: EmbeddingsRequest
  /** Still to be asked; the first one is this lane's. */
  readonly batches: readonly EmbeddingsRequest[]
  readonly replies: readonly EmbeddingsReply[]
}

function batchLane(input: LaneInput, parts: EmbeddingsParts, { request, batches, replies }: Progress): Lane | Failure {
  const [batch, ...rest] = batches
  const http = parts.translation.request(batch ?? request, input.target)
  if (isFailure(http)) return http
  const read: ReadWhole = (bytes, _head, tally) => {
    const reply = parts.translation.reply(bytes.toString('utf8'))
    if (isFailure(reply)) return reply
    const all = [...replies, reply]
    if (rest.length > 0) return { next: batchLane(input, parts, { request, batches: rest, replies: all }) }
    const whole = merged(all, reply)
    if (whole.inputTokens !== undefined) tally.usage = { input: whole.inputTokens, output: 0 }
    return JSON.stringify(parts.dialect.write(whole, request))
  }
  return new WholeLane({ name: 'translated', request: laneRequest(http, input.target), read, send: input.send })
}

/** The same request in pieces of at most `max` inputs. */
function splitInputs(request: EmbeddingsRequest, max: number): readonly EmbeddingsRequest[] {
  if (request.inputs.length <= max) return [request]
  const pieces: EmbeddingsRequest[] = []
  for (let at = 0; at < request.inputs.length; at += max) {
    pieces.push({ ...request, inputs: request.inputs.slice(at, at + max) })
  }
  return pieces
}

/** Vectors in the order of the inputs; tokens only where every reply told them. */
function merged(replies: readonly EmbeddingsReply[], last: EmbeddingsReply): EmbeddingsReply {
  let inputTokens: number | undefined = 0
  for (const reply of replies) {
    inputTokens =
      inputTokens === undefined || reply.inputTokens === undefined ? undefined : inputTokens + reply.inputTokens
  }
  return { model: last.model, vectors: replies.flatMap(({ vectors }) => vectors), inputTokens }
}
