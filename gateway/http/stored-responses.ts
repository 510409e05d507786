import type { Call, JsonBody } from '../contract/call.ts'
import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import type { StoredResponse } from '../contract/stored-response.ts'
import { arrayOf, isJsonArray, parseJson, stringOf } from '../kit/json-fields.ts'
import type { AppRecord, ResponsesDeps } from './server-deps.ts'

type Stored = Pick<ResponsesDeps, 'store' | 'history'>

/**
 * The request with the conversation that it goes on from laid before its input. The same body where it goes on from
 * nothing that is kept here: the upstream may know it.
 */
export async function withHistory(
  body: JsonBody,
  app: AppRecord,
  { store, history }: Stored,
): Promise<JsonBody | Failure> {
  const previous = stringOf(body.json['previous_response_id'])
  const stored = previous === undefined ? undefined : await store.load(previous, app.id)
  let json = body.json
  if (stored !== undefined) {
    const items = stored.itemsJson === undefined ? undefined : parseJson(stored.itemsJson)
    if (!isJsonArray(items)) return tooLarge(stored.id)
    json = history.expandPrevious(json, items)
  }
  const references = arrayOf(json['input']).filter(isReference)
  const items = await referencedItems(references, app, store)
  if (items === undefined) return REFERENCES_TOO_LARGE
  if (items.size > 0) json = history.expandReferences(json, (id) => items.get(id)?.item)
  if (json === body.json) return body
  const raw = Buffer.from(JSON.stringify(json))
  return { kind: 'json', json, raw, ...(stored !== undefined && { resolved: { previous_response_id: stored.id } }) }
}

/**
 * Clients that rely on stored responses send the ids of earlier items in place of the items: these are the items, by id.
 * Undefined: together they would be larger than a request may be.
 */
async function referencedItems(
  references: readonly JsonObject[],
  app: AppRecord,
  store: Stored['store'],
): Promise<ReadonlyMap<string, KnownItem> | undefined> {
  const responses = [...new Set(references.flatMap((item) => referencedResponse(item) ?? []))]
  const found = await Promise.all(responses.slice(0, limits.referencedResponses).map((id) => store.load(id, app.id)))
  const items = itemsById(found)
  // A reference is small and what it stands for is not: a few thousand to the same long item would be gigabytes.
  const bytes = references.reduce((sum, { id }) => sum + (items.get(stringOf(id) ?? '')?.bytes ?? 0), 0)
  return bytes > limits.requestBodyBytes ? undefined : items
}

interface KnownItem {
  readonly item: JsonObject
  readonly bytes: number
}

function itemsById(found: readonly (StoredResponse | undefined)[]): ReadonlyMap<string, KnownItem> {
  const items = new Map<string, KnownItem>()
  for (const item of found.flatMap((stored) => arrayOf(parseJson(stored?.itemsJson ?? '[]')))) {
    const id = isJsonObject(item) ? stringOf(item['id']) : undefined
    if (isJsonObject(item) && id !== undefined) items.set(id, { item, bytes: JSON.stringify(item).length })
  }
  return items
}

function isReference(item: JsonValue): item is JsonObject {
  return isJsonObject(item) && item['type'] === 'item_reference'
}

/** The response that an item of ours was part of: its id holds the response's. */
function referencedResponse(item: JsonObject): string | undefined {
  const rest = /^[a-z]+_(.+)_\d+$/.exec(stringOf(item['id']) ?? '')?.[1]
  return rest === undefined ? undefined : `resp_${rest}`
}

/** What is kept of a finished response; undefined where its client, or the user, wants nothing kept. */
export function toKeep(
  call: Call,
  { history }: Stored,
): ((response: JsonObject) => StoredResponse | undefined) | undefined {
  const { work } = call
  if (work.body.kind !== 'json' || work.body.json['store'] === false) return undefined
  const { json } = work.body
  return (response) => {
    const id = stringOf(response['id'])
    // A response with another id than ours is kept by the upstream that gave it.
    if (id === undefined || id !== `resp_${call.id}`) return undefined
    const items = history.storedItems(json, response)
    return {
      id,
      appId: call.app.id,
      atMs: call.startedAtMs,
      responseJson: JSON.stringify(response),
      itemsJson: items && JSON.stringify(items),
    }
  }
}

function tooLarge(id: string): Failure {
  return {
    kind: 'invalid-request',
    status: 400,
    code: 'previous_response_too_large',
    param: 'previous_response_id',
    message: `The conversation of ${id} was too large to be kept. Send it whole as 'input', without previous_response_id.`,
  }
}

const REFERENCES_TOO_LARGE: Failure = {
  kind: 'request-too-large',
  status: 413,
  code: 'request_too_large',
  param: 'input',
  message: "The items behind every item_reference of 'input' are larger than a request may be. Refer to fewer of them.",
}
