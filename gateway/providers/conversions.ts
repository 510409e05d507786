import type { ChatRequest, HostedTool } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import { lostNativeKeys } from '../wire/native-extra.ts'

// What could not be carried over, in the words of `Conversion`. `why` is the rest of a sentence whose subject is `field`.

/** The answer would be another one without it. */
export function lost(field: string, why: string): Conversion {
  return { field, did: 'dropped', why, matters: true }
}

/** A hint that this upstream has no use for. */
export function ignored(field: string, why: string): Conversion {
  return { field, did: 'dropped', why, matters: false }
}

/** Sent in another form, which does nearly the same. */
export function changed(field: string, why: string): Conversion {
  return { field, did: 'changed', why, matters: false }
}

/** Sent in another form, which does less. */
export function weakened(field: string, why: string): Conversion {
  return { field, did: 'changed', why, matters: true }
}

/** Put right, because the upstream would have refused it. */
export function repaired(field: string, why: string): Conversion {
  return { field, did: 'repaired', why, matters: false }
}

/** As a field of a request, absent where nothing is stated. */
export function conversionField(conversions: readonly Conversion[]): { readonly conversions?: readonly Conversion[] } {
  return conversions.length === 0 ? {} : { conversions }
}

/**
 * A tool that somebody else would have to run. Agents offer them with every request, so it is left out and told; only a
 * request that names it, or can do nothing but use one, is another matter.
 */
export function lostHostedTool(
  { type }: HostedTool,
  { toolChoice, tools }: ChatRequest,
  why: string = 'is a tool that only its maker runs',
): Conversion {
  const isNamed = typeof toolChoice === 'object' && toolChoice.name === type
  const isNeeded = isNamed || (toolChoice === 'required' && tools.length === 0)
  return (isNeeded ? lost : ignored)(`tools (${type})`, why)
}

/** What of a chat no server of OpenAI's chat wire can be asked, whatever its quirks. */
export function lostInChat(chat: ChatRequest): readonly Conversion[] {
  const hosted = chat.hostedTools ?? []
  return [
    ...lostNativeKeys(chat, "is a word of the client's own API"),
    ...hosted.map((tool) => lostHostedTool(tool, chat)),
  ]
}
