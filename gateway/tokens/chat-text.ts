import type { ChatRequest, Message, Part, Tool } from '../contract/chat.ts'

/** The texts of a request that a model reads, and what the rest of it amounts to in tokens. */
export interface CountableChat {
  readonly text: string
  /** Of images, files and the marks between messages, which no tokenizer counts. */
  readonly otherTokens: number
}

/** What each message's role and marks take, by OpenAI's own account of its chat format. */
const TOKENS_PER_MESSAGE = 4
/** An image of middling size at most providers (OpenAI 765 in high detail, Anthropic up to 1,600). */
const TOKENS_PER_IMAGE = 1_000
/** A second of speech is 10 tokens at OpenAI; a minute is a guess. */
const TOKENS_PER_AUDIO = 600
/** A page of a document is 1,500 to 3,000 tokens at Anthropic; its size in base64 tells the pages roughly. */
const BASE64_CHARS_PER_FILE_TOKEN = 50

/** What a request comes to, ready to be counted. */
export function countableChat({ messages, tools, format }: ChatRequest): CountableChat {
  const texts: string[] = []
  let otherTokens = 0
  for (const message of messages) {
    otherTokens += TOKENS_PER_MESSAGE
    for (const part of message.content) otherTokens += addPart(part, texts)
    addRest(message, texts)
  }
  for (const tool of tools) texts.push(toolText(tool))
  if (format?.type === 'json-schema') texts.push(JSON.stringify(format.schema))
  return { text: texts.join('\n'), otherTokens }
}

function addPart(part: Part, texts: string[]): number {
  switch (part.type) {
    case 'text':
      texts.push(part.text)
      return 0
    case 'image':
      return TOKENS_PER_IMAGE
    case 'audio':
      return TOKENS_PER_AUDIO
    case 'file':
      return Math.ceil((part.data?.length ?? 0) / BASE64_CHARS_PER_FILE_TOKEN)
    default:
      return part satisfies never
  }
}

function addRest(message: Message, texts: string[]): void {
  if (message.role !== 'assistant') return
  for (const { text } of message.reasoning) texts.push(text)
  for (const { name, argumentsJson } of message.toolCalls) texts.push(name, argumentsJson)
}

function toolText({ name, description, parameters }: Tool): string {
  return JSON.stringify({ name, description, parameters })
}
