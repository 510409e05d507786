import type { ReasoningPart, ToolCall } from '../contract/chat.ts'
import type { Collector, WriterContext } from '../contract/dialect.ts'
import type { Failure } from '../contract/failure.ts'
import type { JsonObject } from '../contract/json.ts'
import type {
  Citation,
  FinishReason,
  ReasoningDelta,
  StreamEvent,
  TextDelta,
  ToolCallStart,
  Usage,
} from '../contract/stream-event.ts'
import type { Draft } from '../kit/json-fields.ts'
import { joinLogprobs } from './openai-logprobs.ts'
import { writeUsage } from './openai-usage.ts'

/** Everything that one choice said. */
export interface CollectedChoice {
  text: string
  /** Text and signature of one thought belong together, in the order in which they came. */
  readonly thoughts: ReasoningPart[]
  readonly calls: Map<number, Draft<ToolCall>>
  refusal: string | undefined
  finish: FinishReason | undefined
  logprobs: JsonObject | undefined
  readonly citations: Citation[]
}

/** Where chat and completions replies differ. */
export interface ReplyShape {
  readonly object: string
  /** One element of `choices`. */
  choice(index: number, choice: CollectedChoice): JsonObject
}

/** Collects events into one JSON reply. */
export function createCollector(context: WriterContext, shape: ReplyShape): Collector {
  return new ReplyCollector(context, shape)
}

class ReplyCollector implements Collector {
  readonly #context: WriterContext
  readonly #shape: ReplyShape
  readonly #choices = new Map<number, CollectedChoice>()
  #id: string
  #model: string
  #usage: Usage | undefined
  #failure: Failure | undefined

  constructor(context: WriterContext, shape: ReplyShape) {
    this.#context = context
    this.#shape = shape
    this.#id = context.id
    this.#model = context.model
  }

  push(events: readonly StreamEvent[]): void {
    for (const event of events) this.#take(event)
  }

  result(): JsonObject | Failure {
    if (this.#failure !== undefined) return this.#failure
    const numbered = [...this.#choices].sort(([a], [b]) => a - b)
    return {
      id: this.#id,
      object: this.#shape.object,
      created: this.#context.createdS,
      model: this.#model,
      choices: numbered.map(([index, choice]) => this.#shape.choice(index, choice)),
      ...(this.#usage === undefined ? {} : { usage: writeUsage(this.#usage) }),
    }
  }

  #take(event: StreamEvent): void {
    switch (event.type) {
      case 'start':
        if (event.model !== '') this.#model = event.model
        this.#id = event.upstreamId ?? this.#id
        break
      case 'usage':
        this.#usage = event.usage
        break
      case 'failure':
        this.#failure = event.failure
        break
      case 'text-delta':
      case 'reasoning-delta':
      case 'tool-call-start':
      case 'tool-call-delta':
      case 'end':
        takeContent(this.#choice(event.choice), event)
    }
  }

  #choice(index = 0): CollectedChoice {
    const held = this.#choices.get(index)
    if (held !== undefined) return held
    const fresh: CollectedChoice = {
      text: '',
      thoughts: [],
      calls: new Map(),
      refusal: undefined,
      finish: undefined,
      logprobs: undefined,
      citations: [],
    }
    this.#choices.set(index, fresh)
    return fresh
  }
}

type ContentEvent = Exclude<StreamEvent, { readonly type: 'start' | 'usage' | 'failure' }>

function takeContent(choice: CollectedChoice, event: ContentEvent): void {
  switch (event.type) {
    case 'text-delta':
      addText(choice, event)
      break
    case 'reasoning-delta':
      addThought(choice.thoughts, event)
      break
    case 'tool-call-start':
      choice.calls.set(event.index, callOf(event))
      break
    case 'tool-call-delta': {
      const call = choice.calls.get(event.index)
      if (call !== undefined) call.argumentsJson += event.argumentsJson
      break
    }
    case 'end':
      choice.finish = event.reason
      choice.refusal = event.refusal ?? choice.refusal
  }
}

function callOf({ id, name, signature, maker }: ToolCallStart): Draft<ToolCall> {
  return {
    id,
    name,
    argumentsJson: '',
    ...(signature !== undefined && { signature }),
    ...(maker !== undefined && { maker }),
  }
}

function addText(choice: CollectedChoice, event: TextDelta): void {
  choice.text += event.text
  if (event.citations !== undefined) choice.citations.push(...event.citations)
  if (event.logprobs !== undefined) choice.logprobs = joinLogprobs(choice.logprobs, event.logprobs)
}

/** A signature ends a thought; encrypted ones stand alone. */
function addThought(thoughts: ReasoningPart[], event: ReasoningDelta): void {
  const { text, signature, redacted } = event
  const maker = event.maker === undefined ? {} : { maker: event.maker }
  const last = thoughts.at(-1)
  if (redacted !== undefined) {
    thoughts.push({ text, redacted, ...maker })
    return
  }
  const goesOn = last !== undefined && last.signature === undefined && last.redacted === undefined
  const whole = goesOn ? last.text + text : text
  const thought = signature === undefined ? { text: whole } : { text: whole, signature, ...maker }
  if (goesOn) thoughts[thoughts.length - 1] = thought
  else thoughts.push(thought)
}
