import type { Price, Target } from '../../contract/route.ts'
import { closest } from '../../kit/suggest.ts'
import type { RoutingDraft } from '../native/file-keys.ts'
import type { TargetDraft } from '../native/model-keys.ts'
import { quoted } from '../report.ts'
import { type BuildContext, refuse } from './build-context.ts'
import type { ConfiguredEndpoint, EndpointBook } from './endpoints.ts'
import { paramRules, targetTimeouts } from './treatment.ts'

/** Makes targets, with ids that are unique over all of them. */
export type TargetMaker = (draft: TargetDraft) => Target | undefined

const MILLION = 1_000_000

export function createTargetMaker(book: EndpointBook, routing: RoutingDraft, context: BuildContext): TargetMaker {
  const taken = new Map<string, number>()
  return (draft) => {
    const place = placeOf(draft, book, context)
    if (place === undefined) return undefined
    const { configured, model } = place
    const { endpoint, draft: provider } = configured
    const template = endpoint.template
    return {
      ...template,
      id: unique(draft.id ?? `${endpoint.name}/${model}`, taken),
      model,
      tier: draft.tier ?? 1,
      weight: draft.weight,
      rpm: draft.rpm ?? template.rpm,
      tpm: draft.tpm ?? template.tpm,
      maxParallelRequests: draft.max_parallel ?? template.maxParallelRequests,
      timeouts: targetTimeouts([provider, draft], routing.timeouts ?? {}, endpoint.locality),
      retries: draft.retries,
      cooldownMs: draft.cooldown_ms,
      params: paramRules({ drop_params: routing.drop_params }, provider, draft),
      contextTokens: draft.context_tokens ?? template.contextTokens,
      capabilities: draft.capabilities,
      mode: draft.mode,
      price: priceOf(draft, context),
      tags: draft.tags ?? [],
    }
  }
}

function placeOf(
  draft: TargetDraft,
  book: EndpointBook,
  context: BuildContext,
): { configured: ConfiguredEndpoint; model: string } | undefined {
  const use = draft.use ?? ''
  const slash = use.indexOf('/')
  const name = use.slice(0, Math.max(0, slash))
  const model = use.slice(slash + 1)
  if (slash <= 0 || model === '') {
    const message = `${quoted(use)} names no provider: a target is written "provider/model".`
    return refuse(draft, context, { code: 'bad-target', message })
  }
  const configured = book.find(name, draft.at)
  if (configured === 'broken') {
    if (context.refused.has(book.draftOf(name) ?? draft)) context.refused.add(draft)
    return undefined
  }
  if (configured !== undefined) return { configured, model }
  const names = [...book.all().map(({ endpoint }) => endpoint.name), ...(context.providerIds ?? [])]
  const near = closest(name, names)
  return refuse(draft, context, {
    code: 'unknown-provider',
    message: `There is no provider ${quoted(name)}.`,
    suggestion: near === undefined ? `Describe it under providers as ${name.slice(0, 40)}.` : `Did you mean "${near}"?`,
  })
}

function priceOf({ price, at }: TargetDraft, context: BuildContext): Price | undefined {
  if (price === undefined) return undefined
  const { input_usd_per_mtok: input, output_usd_per_mtok: output } = price
  if (input !== undefined && output !== undefined) {
    return { inputUsdPerToken: input / MILLION, outputUsdPerToken: output / MILLION }
  }
  const message =
    'A price needs both input_usd_per_mtok and output_usd_per_mtok; without one of them nothing is priced.'
  context.report.warn(at, { code: 'bad-value', message })
  return undefined
}

/** The id itself, or with `#2`, `#3`... when it is taken; `taken` counts the uses of each id. */
function unique(id: string, taken: Map<string, number>): string {
  const uses = (taken.get(id) ?? 0) + 1
  taken.set(id, uses)
  if (uses === 1) return id
  return unique(`${id}#${uses}`, taken)
}
