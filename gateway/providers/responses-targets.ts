import type { JsonObject } from '../contract/json.ts'
import type { Provider, VerbatimPath, VerbatimRoute } from '../contract/provider.ts'
import type { Target } from '../contract/route.ts'
import { responsesModel } from './responses-models.ts'
import { responsesTranslation, type ResponsesOptions } from './responses-translation.ts'
import { unsupported, type Upstream } from './upstream-failure.ts'
import { withoutSealedItems } from '../wire/responses-sealed.ts'

/** Routes of the chat wire, which targets behind the Responses API do not have. */
const CHAT_ROUTES: readonly VerbatimRoute[] = ['chat/completions', 'completions']

/**
 * The provider, with the targets for which `applies` is true reached over the Responses API: their chat is translated,
 * and only Responses passes as it is. The prefix that chose the wire is left out of the model's name everywhere.
 */
export function overResponses(
  provider: Provider,
  applies: (target: Target) => boolean,
  { upstream, ...options }: ResponsesOptions & { readonly upstream: Upstream },
): Provider {
  const { chat, completions } = provider
  const responses = responsesTranslation(upstream, options)
  const verbatim = Object.fromEntries(
    Object.entries(provider.verbatim).map(([route, path]) => [
      route,
      CHAT_ROUTES.some((one) => one === route) ? unless(applies, path) : path,
    ]),
  )
  return {
    ...provider,
    verbatim,
    verbatimEdits: (body, route, target) => ({
      ...named(target),
      ...provider.verbatimEdits?.(body, route, target),
      ...(route === 'responses' && withoutSealed(body)),
    }),
    chat: {
      request: (request, target, how) =>
        applies(target) || chat === undefined
          ? responses.request(request, target, how)
          : chat.request(request, target, how),
      reader: (head, request, target) =>
        chat === undefined || (target !== undefined && applies(target))
          ? responses.reader(head, request, target)
          : chat.reader(head, request, target),
    },
    ...(completions && {
      completions: {
        ...completions,
        request: (request, target, how) =>
          applies(target)
            ? unsupported(upstream, 'serves this model over its Responses API alone. Ask it as a chat.')
            : completions.request(request, target, how),
      },
    }),
  }
}

function unless(applies: (target: Target) => boolean, path: VerbatimPath | undefined): VerbatimPath {
  return (target) => (applies(target) ? undefined : typeof path === 'function' ? path(target) : path)
}

/** What other makers signed means nothing here, and would be taken for a forgery. */
function withoutSealed(body: JsonObject): JsonObject {
  const input = withoutSealedItems(body['input'])
  return input === undefined ? {} : { input }
}

/** The model's name, where it is another one on the wire than in the configuration. */
function named(target: Target): JsonObject {
  const model = responsesModel(target)
  return model === target.model ? {} : { model }
}
