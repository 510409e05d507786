import type { ChatRequest, Tool, ToolChoice } from '../contract/chat.ts'
import type { JsonObject } from '../contract/json.ts'
import { compact, objectOf } from '../kit/json-fields.ts'
import { cachePoint } from './bedrock-blocks.ts'
import type { MessageContext } from './bedrock-messages.ts'
import type { BedrockModel } from './bedrock-model.ts'
import { wireToolName } from './bedrock-names.ts'
import { changed, lost, lostHostedTool } from './conversions.ts'

/**
 * `toolConfig`. It must stand wherever the history has calls, also when the request offers no tools any more: then the
 * tools that were called are offered, known by their names alone. Undefined: none is needed.
 */
export function toolConfig(chat: ChatRequest, context: MessageContext): JsonObject | undefined {
  const called = calledNames(chat)
  const offered = chat.toolChoice === 'none' && called.length === 0 ? [] : chat.tools
  const hosted = hostedTools(chat, context)
  const tools =
    offered.length + hosted.length === 0
      ? called.map((name) => toolSpec(bareTool(name), context))
      : [...offered.flatMap((tool) => [toolSpec(tool, context), ...toolCachePoint(tool, context.model)]), ...hosted]
  if (tools.length === 0) return undefined
  return compact({ tools, toolChoice: toolChoice(chat, context) })
}

/** True where a tool must be called: with Claude that excludes thinking. */
export function forcesTool(choice: ToolChoice | undefined): boolean {
  return choice === 'required' || typeof choice === 'object'
}

function calledNames(chat: ChatRequest): readonly string[] {
  const names = chat.messages.flatMap((message) =>
    message.role === 'assistant' ? message.toolCalls.map((call) => call.name) : [],
  )
  return [...new Set(names)]
}

function bareTool(name: string): Tool {
  return { name, description: undefined, parameters: undefined, strict: undefined }
}

/** Nova caches only what is said, not the tools. */
function toolCachePoint(tool: Tool, model: BedrockModel): readonly JsonObject[] {
  return model.family === 'nova-1' || model.family === 'nova-2' ? [] : cachePoint(tool.extra, model)
}

function toolSpec(tool: Tool, { model }: MessageContext): JsonObject {
  const { name, description, parameters } = tool
  return {
    toolSpec: compact({
      name: wireToolName(name),
      // An empty description is refused.
      description: description?.trim() ? description : undefined,
      inputSchema: { json: { type: 'object', ...(parameters ?? { properties: {} }) } },
      strict: tool.strict === true && model.claude?.schema === true ? true : undefined,
    }),
  }
}

/** Only Bedrock's own (`{systemTool: {name}}`: Nova's code interpreter and grounding) run here. */
function hostedTools(chat: ChatRequest, { conversions }: MessageContext): readonly JsonObject[] {
  const hosted = chat.hostedTools ?? []
  const own = hosted.filter((tool) => tool.maker === 'bedrock')
  for (const tool of hosted) if (tool.maker !== 'bedrock') conversions.push(lostHostedTool(tool, chat))
  return own.map(({ type, definition }) =>
    objectOf(definition['systemTool']) === undefined ? { systemTool: { name: type } } : definition,
  )
}

function toolChoice(chat: ChatRequest, { model, conversions }: MessageContext): JsonObject | undefined {
  const choice = chat.toolChoice
  if (choice === undefined) return undefined
  if (choice === 'none') {
    conversions.push(
      changed('tool_choice', 'cannot be "none" while the conversation has tool calls; the tools are offered'),
    )
    return undefined
  }
  // Claude's own field says it then, with that it is one call at a time.
  if (choice === 'auto') return holdsToOneCall(chat, model) ? undefined : { auto: {} }
  if (cannotBeForced(model)) {
    conversions.push(lost('tool_choice', 'cannot force a tool with this model, which decides itself'))
    return undefined
  }
  return choice === 'required' ? { any: {} } : { tool: { name: wireToolName(choice.name) } }
}

/** Source: `ToolChoice`; Llama, Cohere, AI21 and Titan answer a forced choice with a validation error. */
function cannotBeForced({ family, claude }: BedrockModel): boolean {
  return claude?.forcedTool === false || family === 'llama' || family === 'cohere' || family === 'ai21'
}

/** True where {@link ChatRequest.parallelToolCalls} of false can be kept. */
export function holdsToOneCall(chat: ChatRequest, { claude }: BedrockModel): boolean {
  const free = chat.toolChoice === undefined || chat.toolChoice === 'auto'
  return chat.parallelToolCalls === false && claude?.schema === true && free && chat.tools.length > 0
}
