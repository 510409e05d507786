import type { ChatRequest } from '../contract/chat.ts'
import { stableId } from './stable-id.ts'

/** Longest names of tools and longest tool call ids. */
const MOST_CHARS = 64
const HASH_CHARS = 8
/** Longest name of a document that is kept; Bedrock takes 200. */
const DOCUMENT_CHARS = 100

/**
 * The name of a tool on the wire: `[a-zA-Z0-9_-]`, at most 64. Another one (MCP servers put dots and slashes into theirs)
 * gets a hash of the whole name, so that two that differ stay two. {@link clientToolNames} leads back.
 */
export function wireToolName(name: string): string {
  if (isPlain(name)) return name
  const readable = name.replaceAll(/[^a-zA-Z0-9_-]+/g, '_').slice(0, MOST_CHARS - HASH_CHARS - 1)
  return `${readable}_${stableId(name, HASH_CHARS)}`
}

/** From the name on the wire to the client's, for every tool of the request whose name had to change. */
export function clientToolNames(chat: ChatRequest | undefined): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const add = (name: string): void => {
    if (!isPlain(name)) names.set(wireToolName(name), name)
  }
  for (const tool of chat?.tools ?? []) add(tool.name)
  for (const message of chat?.messages ?? []) {
    if (message.role === 'assistant') for (const call of message.toolCalls) add(call.name)
  }
  return names
}

/** A tool call id of the form that Bedrock takes; its own ids come back unchanged. */
export function wireToolId(id: string): string {
  return isPlain(id) ? id : `tooluse_${stableId(id, 22)}`
}

function isPlain(name: string): boolean {
  return name.length <= MOST_CHARS && /^[a-zA-Z0-9_-]+$/.test(name)
}

/**
 * A name for a document: letters, digits, single spaces, hyphens, parentheses and brackets, and none twice in one
 * request. Bedrock refuses any other.
 */
export function documentName(given: string | undefined, used: Set<string>): string {
  const plain = (given ?? '')
    .replace(/\.[A-Za-z0-9]{1,5}$/, '')
    .replaceAll(/[^A-Za-z0-9\s\-()[\]]+/g, '-')
    .replaceAll(/\s+/g, ' ')
    .slice(0, DOCUMENT_CHARS)
    .trim()
  const base = plain.replaceAll('-', '') === '' ? 'document' : plain
  let name = base
  for (let number = 2; used.has(name); number += 1) name = `${base} ${number}`
  used.add(name)
  return name
}
