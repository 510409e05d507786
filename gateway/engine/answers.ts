import type { ChatRequest, CompletionRequest } from '../contract/chat.ts'
import type { Reader } from '../contract/provider.ts'
import type { TokenCounter } from './deps.ts'
import type { LaneInput } from './lane-input.ts'
import { createReasoningMemory } from './reasoning-memory.ts'
import { withUsage } from './usage-fill.ts'

type Translated = ChatRequest | CompletionRequest

export interface Watched extends Pick<LaneInput, 'call' | 'target' | 'converted'> {
  readonly request: Translated
}

/**
 * What happens to every translated answer between its reader and its writer, whatever wires the two speak: tool calls
 * that were written as text are mended, usage that nobody told is counted, and thoughts are kept for the next turn.
 */
export interface Answers {
  /** The reader with all of that on its way. */
  watch(reader: Reader, about: Watched): Reader
  /** The request with the thoughts that its client has lost; the same object where there are none. */
  recall<Request extends Translated>(request: Request, appId: string): Request
}

export function createAnswers(tokens: TokenCounter): Answers {
  const memory = createReasoningMemory()
  return {
    watch: (reader, { request, call }) => {
      const counted = withUsage(reader, {
        input: () =>
          'messages' in request ? tokens.estimateChat(request) : tokens.estimateText(request.prompts.join('')),
        output: tokens.estimateText,
      })
      return 'messages' in request && request.tools.length > 0 ? memory.watch(counted, call.app.id) : counted
    },
    recall: (request, appId) => ('messages' in request ? { ...request, ...memory.recall(request, appId) } : request),
  }
}
