import type { VerbatimRoute } from '../contract/provider.ts'
import type { Route, RoutePolicy } from './route-table.ts'

/** What a hot route does with a body: a dialect of its own, or bytes that pass as they are. */
export interface HotAction {
  readonly kind: 'hot'
  readonly operation: VerbatimRoute
  /** Where the client sends no model: OpenAI's own documented default for the route. */
  readonly defaultModel?: string
}

interface Operation {
  readonly operation: VerbatimRoute
  readonly body: RoutePolicy['body']
  readonly defaultModel?: string
}

const OPERATIONS: readonly Operation[] = [
  { operation: 'chat/completions', body: 'json' },
  { operation: 'completions', body: 'json' },
  { operation: 'embeddings', body: 'json' },
  { operation: 'images/generations', body: 'json' },
  { operation: 'images/edits', body: 'form' },
  { operation: 'images/variations', body: 'form' },
  { operation: 'audio/speech', body: 'json' },
  { operation: 'audio/transcriptions', body: 'form' },
  { operation: 'audio/translations', body: 'form' },
  { operation: 'moderations', body: 'json', defaultModel: 'omni-moderation-latest' },
  { operation: 'rerank', body: 'json' },
  { operation: 'responses', body: 'json' },
  { operation: 'responses/input_tokens', body: 'json' },
  { operation: 'messages', body: 'json' },
  { operation: 'messages/count_tokens', body: 'json' },
]

/** Ollama's own paths begin at the root. */
const OLLAMA: readonly Operation[] = [
  { operation: 'api/chat', body: 'json' },
  { operation: 'api/generate', body: 'json' },
  { operation: 'api/embed', body: 'json' },
  { operation: 'api/embeddings', body: 'json' },
]

/** `/v1` is OpenAI's, none is LiteLLM's, `/openai/v1` is Azure's newer one. */
const PREFIXES = ['/v1', '', '/openai/v1']

/** Paths that name the model. */
const MODEL_PREFIXES = ['/engines/{model}', '/v1/engines/{model}', '/openai/deployments/{model}']

/** Every path on which models answer, with what it leads to. Cohere's clients use `/v2/rerank`. */
export const hotRoutes: readonly Route<HotAction>[] = [
  ...OPERATIONS.flatMap((operation) => PREFIXES.map((prefix) => routeAt(prefix, operation))),
  ...OPERATIONS.flatMap((operation) => MODEL_PREFIXES.map((prefix) => routeAt(prefix, operation))),
  routeAt('/v2', { operation: 'rerank', body: 'json' }),
  // Some clients of Anthropic's put their own `/v1` behind whatever base URL they are given.
  ...OPERATIONS.filter(({ operation }) => operation.startsWith('messages')).map((one) => routeAt('/anthropic/v1', one)),
  ...OLLAMA.map((operation) => routeAt('', operation)),
  routeAt('', { operation: 'utils/token_counter', body: 'json' }),
]

function routeAt(prefix: string, { operation, body, defaultModel }: Operation): Route<HotAction> {
  return {
    method: 'POST',
    path: `${prefix}/${operation}`,
    policy: { auth: 'key', body, browsable: false },
    action: { kind: 'hot', operation, ...(defaultModel === undefined ? {} : { defaultModel }) },
  }
}
