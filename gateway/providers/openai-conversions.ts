import type { ChatRequest } from '../contract/chat.ts'
import type { Conversion } from '../contract/conversion.ts'
import { lostNativeKeys } from '../wire/native-extra.ts'

/** What of a chat no server of OpenAI's chat wire can be asked, whatever its quirks. */
export function lostInChat(chat: ChatRequest): readonly Conversion[] {
  return [...lostNativeKeys(chat, "is a word of the client's own API"), ...lostHostedTools(chat)]
}

/**
 * Tools that somebody else would have to run. Agents offer them with every request, so they are left out and told; only
 * a request that can do nothing but use one is another matter.
 */
export function lostHostedTools({ hostedTools = [], tools, toolChoice }: ChatRequest): readonly Conversion[] {
  return hostedTools.map(({ type }) => {
    const isNamed = typeof toolChoice === 'object' && toolChoice.name === type
    const matters = isNamed || (toolChoice === 'required' && tools.length === 0)
    return { field: `tools (${type})`, did: 'dropped', why: 'is run by its maker alone', matters }
  })
}

/** As a field of a request, absent where nothing is lost. */
export function conversionField(conversions: readonly Conversion[]): { readonly conversions?: readonly Conversion[] } {
  return conversions.length === 0 ? {} : { conversions }
}
