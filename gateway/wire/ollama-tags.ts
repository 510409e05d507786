import type { Capability } from '../contract/provider.ts'
import { entryOf } from '../kit/json-fields.ts'

/** The name of a capability in Ollama (types/model/capability.go) -> ours. `image` makes pictures: not a chat. */
const CAPABILITIES: Readonly<Record<string, readonly Capability[]>> = {
  completion: ['chat', 'completion'],
  tools: ['tools'],
  insert: ['insert'],
  vision: ['vision'],
  embedding: ['embedding'],
  thinking: ['reasoning'],
  audio: ['audio'],
}

/** What a model can do, by the words of `/api/tags`; unknown words say nothing. */
export function ollamaCapabilities(words: readonly string[]): readonly Capability[] {
  return words.flatMap((word) => entryOf(CAPABILITIES, word) ?? [])
}

/** True for a name that Ollama serves from ollama.com: its tag is `cloud`, or ends so (`gpt-oss:120b-cloud`). */
export function isOllamaCloud(name: string): boolean {
  return /[:-]cloud$/.test(name)
}
