import type { ChatRequest } from '../contract/chat.ts'
import type { Translation } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { conversionField } from './conversions.ts'
import { responsesModel } from './responses-models.ts'
import { responsesReader } from './responses-reader.ts'
import { responsesBody } from './responses-request.ts'
import { unsupported, type Upstream } from './upstream-failure.ts'

/** How one upstream's Responses API is reached. */
export interface ResponsesOptions {
  /** Default: `/responses`. Undefined: it cannot be reached at this target's address. */
  readonly path?: (target: Target) => string | undefined
  /** The model's name on the wire. Default: the target's, without the prefix `responses/`. */
  readonly modelName?: (target: Target) => string
}

/** Chat over the Responses API (`POST /responses`), for models that are reached in no other way. */
export function responsesTranslation(upstream: Upstream, options: ResponsesOptions = {}): Translation<ChatRequest> {
  const { path = () => '/responses', modelName = responsesModel } = options
  return {
    request: (chat, target, { stream }) => {
      const route = path(target)
      if (route === undefined) return unsupported(upstream, NOT_HERE)
      const { body, conversions } = responsesBody(chat, { model: modelName(target), stream })
      return {
        method: 'POST',
        path: route,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        ...conversionField(conversions),
      }
    },
    reader: () => responsesReader(upstream),
  }
}

const NOT_HERE = "does not serve the Responses API at this address. Use the resource's own as base_url."
