import type { Draft } from '../native/file-keys.ts'

/**
 * The draft without the parts that can never work: what a lenient reading leaves out and a strict one would not
 * accept. Parts that only lack a variable today stay.
 */
export function withoutRefused(draft: Draft, refused: ReadonlySet<object>): Draft {
  const models = kept(draft.models, refused)
  return {
    ...draft,
    providers: kept(draft.providers, refused),
    aliases: kept(draft.aliases, refused),
    models:
      models === undefined
        ? undefined
        : new Map(
            [...models].map(([name, model]) => [
              name,
              { ...model, targets: model.targets?.filter((target) => !refused.has(target)) },
            ]),
          ),
  }
}

function kept<T extends object>(
  parts: ReadonlyMap<string, T> | undefined,
  refused: ReadonlySet<object>,
): ReadonlyMap<string, T> | undefined {
  return parts === undefined ? undefined : new Map([...parts].filter(([, part]) => !refused.has(part)))
}
