import type { Failure } from '../contract/failure.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../contract/json.ts'
import type { StreamEvent } from '../contract/stream-event.ts'
import { arrayOf, entryOf, numberOf, objectOf, stringOf, textOf } from '../kit/json-fields.ts'
import { finishOf } from '../wire/responses-status.ts'
import { readResponsesUsage } from '../wire/responses-usage.ts'
import { ResponsesCalls } from './responses-calls.ts'
import { idOf, OutputItems, type ItemKind, type OutputItem } from './responses-items.ts'
import { ResponsesText } from './responses-text.ts'
import { ResponsesThoughts } from './responses-thoughts.ts'
import { failureInReply, type Upstream } from './upstream-failure.ts'

/**
 * The meaning of the Responses API's events and of its whole response. One instance per reply. Servers differ in which
 * events they send: some leave out those that begin an item, some those that end it, some tell all only in the last one.
 * So everything is handed out where it is first told, and once.
 */
export class ResponsesEvents {
  readonly #upstream: Upstream
  readonly #items = new OutputItems()
  readonly #text = new ResponsesText()
  readonly #thoughts = new ResponsesThoughts()
  readonly #calls = new ResponsesCalls()
  #started = false
  #over = false

  constructor(upstream: Upstream) {
    this.#upstream = upstream
  }

  /** True once anything of a response was read. */
  get started(): boolean {
    return this.#started
  }

  /** True once the response has ended or failed: nothing may follow. */
  get over(): boolean {
    return this.#over
  }

  /** Reads one event of a stream. */
  read(type: string, event: JsonObject, out: StreamEvent[]): void {
    if (this.#over) return
    if (type === 'error' || (event['error'] && !type.startsWith('response.'))) {
      this.fail(event, out)
      return
    }
    if (!type.startsWith('response.')) return
    const response = objectOf(event['response'])
    const end = entryOf(ENDS, type)
    if (end !== undefined) {
      this.finish({ status: end, ...response }, out)
      return
    }
    this.#start(response ?? {}, out)
    this.#readPart(type, event, out)
  }

  /** Reads a whole response, or the final event's: what of it was not told yet, and how it ended. */
  finish(response: JsonObject, out: StreamEvent[]): void {
    const reason = textOf(objectOf(response['incomplete_details'])?.['reason'])
    const status = stringOf(response['status']) ?? 'completed'
    if (finishOf(status, reason, false) === 'failed') {
      if (this.#started) this.#tellUsage(response, out)
      this.fail({ error: response['error'] ?? `the answer was given up (${status})` }, out)
      return
    }
    this.#start(response, out)
    this.#readList(arrayOf(response['output']), out)
    this.#calls.settle(out)
    this.#over = true
    this.#tellUsage(response, out)
    const finish = finishOf(status, reason, this.#calls.seen)
    const { refusal } = this.#text
    out.push({
      type: 'end',
      reason: finish === undefined || finish === 'failed' ? 'stop' : finish,
      rawReason: reason ?? status,
      ...(refusal !== '' && { refusal }),
    })
  }

  /** The response ends with this error. `error` events have it at the top or inside, failed responses inside. */
  fail(envelope: JsonObject, out: StreamEvent[]): void {
    const { code = null, message = null, param = null } = envelope
    const error = envelope['error'] ?? { code, message, param }
    this.stop(failureInReply(this.#upstream, { error }), out)
  }

  /** Nothing more will come; `failure` is why. */
  stop(failure: Failure, out: StreamEvent[]): void {
    if (this.#over) return
    this.#over = true
    out.push({ type: 'failure', failure })
  }

  #readPart(type: string, event: JsonObject, out: StreamEvent[]): void {
    const delta = { whole: false, out }
    const whole = { whole: true, out }
    switch (type) {
      case 'response.output_text.delta':
        return this.#text.text(this.#items.of(event, 'message'), event, delta)
      case 'response.output_text.done':
        return this.#text.text(this.#items.of(event, 'message'), event, whole)
      case 'response.output_text.annotation.added':
        return this.#text.cite(this.#items.of(event, 'message'), event, out)
      case 'response.refusal.delta':
      case 'response.refusal.done':
        return this.#text.refuse(this.#items.of(event, 'message'), event, type.endsWith('.done'))
      case 'response.reasoning.delta':
      case 'response.reasoning_summary.delta':
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return this.#thoughts.think(this.#items.of(event, 'reasoning'), event, delta)
      case 'response.reasoning.done':
      case 'response.reasoning_summary.done':
      case 'response.reasoning_summary_text.done':
      case 'response.reasoning_text.done':
        return this.#thoughts.think(this.#items.of(event, 'reasoning'), event, whole)
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        return this.#addArguments(type, event, out)
      case 'response.function_call_arguments.done':
      case 'response.custom_tool_call_input.done':
        return this.#calls.finish(this.#items.of(event, 'call'), event, { custom: type.includes('custom'), out })
      case 'response.output_item.added':
        return this.#open(event, out)
      case 'response.output_item.done':
        return this.#close(event, out)
      default:
        // Progress of hosted tools, and whatever is new.
        return undefined
    }
  }

  #addArguments(type: string, event: JsonObject, out: StreamEvent[]): void {
    const piece = stringOf(event['delta']) ?? ''
    this.#calls.add(this.#items.of(event, 'call'), piece, { custom: type.includes('custom'), out })
  }

  #open(event: JsonObject, out: StreamEvent[]): void {
    const json = objectOf(event['item']) ?? {}
    const item = this.#items.open(event, idOf(json['id']), kindOf(json))
    if (item.kind === 'call') this.#calls.open(item, json, out)
  }

  #close(event: JsonObject, out: StreamEvent[]): void {
    const json = objectOf(event['item'])
    if (json !== undefined) this.#readItem(this.#items.close(event, idOf(json['id']), kindOf(json)), json, out)
  }

  #readItem(item: OutputItem, json: JsonObject, out: StreamEvent[]): void {
    if (kindOf(json) === 'call') this.#calls.finish(item, json, { custom: json['type'] === 'custom_tool_call', out })
    else if (kindOf(json) === 'reasoning') this.#thoughts.item(item, json, out)
    else if (kindOf(json) === 'message') this.#text.message(item, json, out)
  }

  /** The final list repeats what was streamed, sometimes under other names; only what never came is news. */
  #readList(output: readonly JsonValue[], out: StreamEvent[]): void {
    const said = this.#text.seen
    const thought = this.#thoughts.seen
    for (const json of output.filter(isJsonObject)) {
      const isKnown = (json['type'] === 'message' && said) || (json['type'] === 'reasoning' && thought)
      if (isKnown) continue
      const item = this.#items.open({}, '', kindOf(json))
      if (item.kind === 'call') this.#calls.finishListed(json, item, out)
      else this.#readItem(item, json, out)
    }
  }

  #tellUsage(response: JsonObject, out: StreamEvent[]): void {
    const usage = readResponsesUsage(objectOf(response['usage']))
    if (usage !== undefined) out.push({ type: 'usage', usage })
  }

  #start(response: JsonObject, out: StreamEvent[]): void {
    if (this.#started) return
    this.#started = true
    const upstreamId = idOf(response['id'])
    this.#calls.seedWith(`${upstreamId}/${numberOf(response['created_at']) ?? ''}`)
    const model = stringOf(response['model']) ?? ''
    out.push(upstreamId === '' ? { type: 'start', model } : { type: 'start', model, upstreamId })
  }
}

/** Events that end a response, and the status that they imply where the response itself does not say. */
const ENDS: Readonly<Record<string, string>> = {
  'response.completed': 'completed',
  // An early name of it, which some servers kept.
  'response.done': 'completed',
  'response.incomplete': 'incomplete',
  'response.failed': 'failed',
  'response.cancelled': 'cancelled',
}

/** What an item is to us; hosted tools are nothing. */
function kindOf(json: JsonObject): ItemKind | undefined {
  return entryOf(KINDS, stringOf(json['type']) ?? '')
}

const KINDS: Readonly<Record<string, ItemKind>> = {
  message: 'message',
  reasoning: 'reasoning',
  function_call: 'call',
  custom_tool_call: 'call',
}
