import type { Response } from 'express'
import type { JsonValue } from '../contract/json.ts'
import { arrayOf, objectOf, parseJson, parseObject, stringOf } from '../kit/json-fields.ts'
import type { Exchange } from './exchange.ts'
import { sendError, type PageAction } from './page-routes.ts'
import type { Route } from './route-table.ts'
import type { AppRecord, ServerDeps } from './server-deps.ts'

/** `GET` and `DELETE /v1/responses/{id}`, what went into one, and the cancelling of what runs in the background. */
export function responsePages(deps: ServerDeps): readonly Route<PageAction>[] {
  const policy = { auth: 'key', body: 'none', browsable: false } as const
  return ['/v1/responses/{id}', '/responses/{id}', '/openai/v1/responses/{id}'].flatMap((path): Route<PageAction>[] => [
    { method: 'GET', also: 'DELETE', path, policy, action: { kind: 'page', answer: answering(deps, getOrDelete) } },
    {
      method: 'GET',
      path: `${path}/input_items`,
      policy,
      action: { kind: 'page', answer: answering(deps, listItems) },
    },
    {
      method: 'POST',
      path: `${path}/cancel`,
      policy: { ...policy, body: 'json' },
      action: { kind: 'page', answer: cancel },
    },
  ])
}

interface Asked {
  readonly id: string
  readonly app: AppRecord
  readonly deps: ServerDeps
  readonly response: Response
}

/** An answer that waits for the store; a bug in it is express's to report. */
function answering(deps: ServerDeps, answer: (asked: Asked) => Promise<void>): PageAction['answer'] {
  return (exchange, response) => {
    const { app } = exchange
    if (app === undefined) throw new Error('A route that needs a key was reached without an app.')
    return answer({ id: exchange.params['id'] ?? '', app, deps, response })
  }
}

async function getOrDelete(asked: Asked): Promise<void> {
  const { id, app, deps, response } = asked
  const { store } = deps.responses
  if (response.req.method === 'DELETE') {
    if (await store.remove(id, app.id)) response.json({ id, object: 'response', deleted: true })
    else notFound(asked)
    return
  }
  const stored = await store.load(id, app.id)
  if (stored === undefined) notFound(asked)
  else response.type('application/json').send(stored.responseJson)
}

async function listItems(asked: Asked): Promise<void> {
  const stored = await asked.deps.responses.store.load(asked.id, asked.app.id)
  if (stored === undefined) {
    notFound(asked)
    return
  }
  const items = arrayOf(parseJson(stored.itemsJson ?? '[]'))
  const answered = arrayOf(parseObject(stored.responseJson)?.['output']).length
  // What is kept is the conversation up to the end of the answer, whose own items come last.
  const data = items.slice(0, Math.max(0, items.length - answered))
  asked.response.json({ object: 'list', data, first_id: idOf(data[0]), last_id: idOf(data.at(-1)), has_more: false })
}

function idOf(item: JsonValue | undefined): string | null {
  return stringOf(objectOf(item)?.['id']) ?? null
}

function notFound({ id, response }: Asked): void {
  sendError(response, {
    status: 404,
    code: 'response_not_found',
    message: `There is no stored response '${id.slice(0, 100)}' here. Answers with "store": false, and those older than 30 days, are not kept.`,
  })
}

function cancel(exchange: Exchange, response: Response): void {
  sendError(response, {
    status: 400,
    code: 'not_cancellable',
    message: `${(exchange.params['id'] ?? '').slice(0, 100)} does not run in the background. Close its connection to cancel it.`,
  })
}
