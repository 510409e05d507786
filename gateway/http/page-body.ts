import type { Response } from 'express'
import type { JsonBody } from '../contract/call.ts'
import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { Clock } from '../contract/clock.ts'
import { readBody } from './body.ts'
import type { Exchange } from './exchange.ts'
import { parseJsonBody } from './json-body.ts'
import { sendRefusal } from './reply.ts'

/**
 * The small JSON body of a page. Undefined: there is nobody to answer any more, or the answer has been given, because
 * the body is larger than {@link limits.pageBodyBytes}.
 */
export async function readPageBody(
  exchange: Exchange,
  response: Response,
  clock: Clock,
): Promise<JsonBody | Failure | undefined> {
  if (exchange.awaitsContinue) response.writeContinue()
  const body = await readBody(exchange.request, limits.pageBodyBytes)
  if (body.kind === 'gone') return undefined
  if (body.kind === 'refused') {
    sendRefusal(response, body.refusal, { headers: [], clock, path: exchange.request.url })
    return undefined
  }
  return parseJsonBody(body.raw)
}
