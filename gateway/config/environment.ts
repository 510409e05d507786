/** Looks a variable up; an empty one counts as not set, as an empty key or address helps nobody. */
export type Environment = (name: string) => string | undefined

export function environmentOf(env: Readonly<Record<string, string | undefined>>): Environment {
  return (name) => (Object.hasOwn(env, name) ? env[name]?.trim() || undefined : undefined)
}

const REFERENCE = /^(?:os\.environ\/\s*([A-Za-z_][A-Za-z0-9_]*)|\$\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\})\s*$/

/** The variable that a value refers to as `os.environ/NAME` or `${NAME}`; undefined for any other text. */
export function variableIn(text: string): string | undefined {
  const match = REFERENCE.exec(text)
  return match?.[1] ?? match?.[2]
}
