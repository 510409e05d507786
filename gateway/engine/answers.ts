import type { ChatRequest, CompletionRequest } from '../contract/chat.ts'
import type { SentSoFar } from '../contract/dialect.ts'
import type { Reader } from '../contract/provider.ts'
import type { TokenCounter } from './deps.ts'
import type { LaneInput } from './lane-input.ts'
import type { Target } from '../contract/route.ts'
import type { Usage } from '../contract/stream-event.ts'
import { repairToolCalls } from '../repair/repair-tool-calls.ts'
import { createReasoningMemory } from './reasoning-memory.ts'
import { withUniqueCallIds } from './unique-call-ids.ts'
import { withUsage } from './usage-fill.ts'

type Translated = ChatRequest | CompletionRequest

export interface Watched extends Pick<LaneInput, 'call' | 'target' | 'converted'> {
  readonly request: Translated
}

/**
 * What happens to every translated answer between its reader and its writer, whatever wires the two speak: tool calls
 * that were written as text are mended, ids that were there before are changed, usage that nobody told is counted, and
 * thoughts are kept for the next turn.
 */
export interface Answers {
  /** The reader with all of that on its way. */
  watch(reader: Reader, about: Watched): Reader
  /** The request with the thoughts that its client has lost; the same object where there are none. */
  recall<Request extends Translated>(request: Request, appId: string): Request
  /** The tokens of an answer that was only watched, from what was kept of it; undefined where that does not tell all. */
  estimate(sent: SentSoFar | undefined, promptTokens: number): Usage | undefined
}

export function createAnswers(tokens: TokenCounter): Answers {
  const memory = createReasoningMemory()
  const counting = (reader: Reader, request: Translated): Reader =>
    withUsage(reader, {
      input: () =>
        'messages' in request ? tokens.estimateChat(request) : tokens.estimateText(request.prompts.join('')),
      output: tokens.estimateText,
    })
  return {
    watch: (plain, { request, call, target, converted }) => {
      if (!callsTools(request)) return counting(plain, request)
      const mended = mayRepair(target) ? repaired(plain, request, { call, converted }) : plain
      return memory.watch(counting(withUniqueCallIds(mended, request), request), call.app.id)
    },
    recall: (request, appId) => {
      if (!('messages' in request)) return request
      // Spread over the request, because the compiler does not know that what comes back is of the same kind.
      const { messages } = memory.recall(request, appId)
      return messages === request.messages ? request : { ...request, messages }
    },
    estimate: (sent, promptTokens) => {
      if (sent === undefined || !sent.spliceable) return undefined
      return { input: promptTokens, output: tokens.estimateText(sent.reasoning + sent.text) }
    },
  }
}

/** Local runners hand on as text what their template does not know; the cloud's own parsers know their models. */
export function mayRepair({ locality, params }: Target): boolean {
  return (locality === 'device' || locality === 'lan') && params.repairToolCalls !== false
}

function callsTools(request: Translated): request is ChatRequest {
  return 'messages' in request && request.tools.length > 0 && request.toolChoice !== 'none'
}

function repaired(
  reader: Reader,
  request: ChatRequest,
  { call, converted }: Pick<Watched, 'call' | 'converted'>,
): Reader {
  return repairToolCalls(reader, {
    tools: request.tools,
    expectsJson: request.format !== undefined,
    newId: (index) => `call_${call.id}_${index}`,
    onRepair: (conversion) => converted([conversion]),
  })
}
