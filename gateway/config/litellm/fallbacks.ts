import type { Draft, ModelFallbacksDraft } from '../native/file-keys.ts'
import type { ModelDraft } from '../native/model-keys.ts'

type Lists = ReadonlyMap<string, readonly string[]>

/** LiteLLM's lists of fallbacks, each of which the router's settings state or else the library's. */
export interface FallbackSettings {
  readonly general: Lists
  readonly contextWindow: Lists
  readonly contentPolicy: Lists
  readonly byDefault: readonly string[]
}

/** The name that stands for every model without a list of its own. */
const ANY = '*'

/** Gives each model its fallbacks; those of names that are not in the list go by name. */
export function placeFallbacks(
  models: ReadonlyMap<string, ModelDraft>,
  settings: FallbackSettings,
): {
  models: ReadonlyMap<string, ModelDraft>
  routing: Pick<NonNullable<Draft['routing']>, 'fallbacks' | 'model_fallbacks'>
} {
  const { general, contextWindow, contentPolicy } = settings
  const of = (name: string): ModelFallbacksDraft => ({
    fallbacks: general.get(name),
    context_fallbacks: contextWindow.get(name),
    content_fallbacks: contentPolicy.get(name),
  })
  const named = new Set([...general.keys(), ...contextWindow.keys(), ...contentPolicy.keys()])
  const others = [...named].filter((name) => !models.has(name) && name !== ANY)
  const byDefault = [...settings.byDefault, ...(general.get(ANY) ?? [])]
  return {
    models: new Map([...models].map(([name, model]) => [name, { ...model, ...of(name) }])),
    routing: {
      fallbacks: byDefault.length === 0 ? undefined : [...new Set(byDefault)],
      model_fallbacks: others.length === 0 ? undefined : new Map(others.map((name) => [name, of(name)])),
    },
  }
}
