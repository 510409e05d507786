import { isJsonObject, type JsonArray, type JsonObject, type JsonValue } from '../contract/json.ts'
import { limits } from '../contract/limits.ts'
import { arrayOf, isJsonArray, stringOf, without } from '../kit/json-fields.ts'

const PREVIOUS: ReadonlySet<string> = new Set(['previous_response_id'])

/**
 * A request that goes on from a stored response, as one that says everything itself: the stored conversation stands
 * before the new input, and `previous_response_id` is gone. Instructions are not carried over, as in OpenAI's API.
 * `stored` is what {@link storedItems} gave for that response.
 */
export function expandPrevious(body: JsonObject, stored: JsonArray): JsonObject {
  const known = new Set(stored.map(idOf).filter((id) => id !== undefined))
  // A reference to what already stands before it would say it twice.
  const fresh = inputItems(body.input).filter((item) => !isReference(item) || !known.has(idOf(item) ?? ''))
  return { ...without(body, PREVIOUS), input: [...stored, ...fresh] }
}

/**
 * The request with its `item_reference`s replaced by the items that they point to, as far as `find` knows them. Clients
 * that rely on stored responses send these in place of what an earlier answer said.
 */
export function expandReferences(body: JsonObject, find: (id: string) => JsonObject | undefined): JsonObject {
  const items = inputItems(body.input)
  if (!items.some(isReference)) return body
  return { ...body, input: items.map((item) => (isReference(item) && find(idOf(item) ?? '')) || item) }
}

/**
 * The conversation after a finished response, to be laid before the next turn's input: the items of the request, which
 * was expanded already, and those of the answer. Undefined when it is larger than `limits.storedResponseBytes`: such a
 * response cannot be gone on from, which is said when somebody tries.
 */
export function storedItems(body: JsonObject, response: JsonObject): JsonArray | undefined {
  const items = [...inputItems(body.input), ...arrayOf(response.output).filter(isJsonObject)]
  return Buffer.byteLength(JSON.stringify(items)) > limits.storedResponseBytes ? undefined : items
}

/** Input as items: a plain string is what the user says. */
function inputItems(input: JsonValue | undefined): JsonArray {
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: input }]
  return isJsonArray(input) ? input : []
}

function isReference(item: JsonValue): boolean {
  return isJsonObject(item) && item.type === 'item_reference'
}

function idOf(item: JsonValue): string | undefined {
  return isJsonObject(item) ? stringOf(item.id) : undefined
}
