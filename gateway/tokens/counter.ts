import type { ChatRequest } from '../contract/chat.ts'
import { countableChat } from './chat-text.ts'
import { loadTokenizer, type CountText } from './tokenizer.ts'

/** Token counts where no upstream tells them: near enough to route and to bill by, never exact. */
export interface TokenCounter {
  countChat(chat: ChatRequest): Promise<number>
  countText(text: string): Promise<number>
  /**
   * The same at once, for the end of an answer that cannot wait: by the tokenizer once it is loaded, which the first call
   * sets going, and until then by the length of the text.
   */
  estimateText(text: string): number
  estimateChat(chat: ChatRequest): number
}

/** English prose and code have about four characters to a token. */
const CHARS_PER_TOKEN = 4

/** @param load replaced by tests. */
export function createTokenCounter(load: () => Promise<CountText> = loadTokenizer): TokenCounter {
  let loading: Promise<CountText> | undefined
  let count: CountText | undefined

  const tokenizer = async (): Promise<CountText> => {
    loading ??= load()
    count = await loading
    return count
  }

  const estimateText = (text: string): number => {
    if (count !== undefined) return count(text)
    // A tokenizer that cannot be loaded leaves the estimate; whoever awaits a count is told.
    tokenizer().catch(() => undefined)
    return Math.ceil(text.length / CHARS_PER_TOKEN)
  }

  return {
    countText: async (text) => (await tokenizer())(text),
    countChat: async (chat) => {
      const { text, otherTokens } = countableChat(chat)
      return (await tokenizer())(text) + otherTokens
    },
    estimateText,
    estimateChat: (chat) => {
      const { text, otherTokens } = countableChat(chat)
      return estimateText(text) + otherTokens
    },
  }
}
