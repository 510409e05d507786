import type { Collector, WriterContext } from '../contract/dialect.ts'
import type { JsonObject } from '../contract/json.ts'
import { createCollector, type CollectedChoice } from './openai-collector.ts'
import { citationFields } from './openai-citations.ts'
import { thinkingBlock } from './openai-thinking.ts'
import { writeCallSignature } from './openai-tool-signature.ts'

/** Collects events into one `chat.completion`. */
export function createChatCollector(context: WriterContext): Collector {
  return createCollector(context, {
    object: 'chat.completion',
    choice: (index, choice) => ({
      index,
      message: messageOf(choice, context.mergeReasoning),
      logprobs: choice.logprobs ?? null,
      finish_reason: choice.finish ?? null,
    }),
  })
}

function messageOf(choice: CollectedChoice, mergeReasoning: boolean): JsonObject {
  const { text, thoughts, refusal } = choice
  const reasoning = thoughts.map((thought) => thought.text).join('')
  const content = mergeReasoning && reasoning !== '' ? `<think>${reasoning}</think>${text}` : text
  const silent = content === '' && (choice.calls.size > 0 || refusal !== undefined)
  return {
    role: 'assistant',
    content: silent ? null : content,
    refusal: refusal ?? null,
    ...(mergeReasoning ? {} : reasoningOf(choice, reasoning)),
    ...citationFields(choice.citations),
    ...(choice.calls.size === 0 ? {} : { tool_calls: toolCallsOf(choice) }),
  }
}

function reasoningOf({ thoughts }: CollectedChoice, reasoning: string): JsonObject {
  const blocks = thoughts.map(thinkingBlock).filter((block) => block !== undefined)
  return {
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(blocks.length === 0 ? {} : { thinking_blocks: blocks }),
  }
}

function toolCallsOf({ calls }: CollectedChoice): JsonObject[] {
  return [...calls.values()].map((call) => ({
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: call.argumentsJson },
    ...writeCallSignature(call),
  }))
}
