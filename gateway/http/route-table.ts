/** What a route demands before its handler may run. Every route has one; there is no default. */
export interface RoutePolicy {
  /** `none` only for answers that tell nothing: health, the page for people, "not served yet". */
  readonly auth: 'key' | 'none'
  /** `form`: JSON or a form with files. */
  readonly body: 'none' | 'json' | 'form'
  /** True where a person may look with a browser: no side effect, nothing private. */
  readonly browsable: boolean
}

/** One path and what may be done there. `Action` is what the owner of the table does with a match. */
export interface Route<Action> {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** A second method at the same path, with the same policy and action. */
  readonly also?: 'DELETE'
  /** `/v1/models/{id*}`: `{name}` takes one segment, `{name*}` the rest of the path. */
  readonly path: string
  readonly policy: RoutePolicy
  readonly action: Action
}

export interface RouteMatch<Action> {
  readonly route: Route<Action>
  /** Decoded parts of the path. */
  readonly params: Readonly<Record<string, string>>
}

export interface RouteTable<Action> {
  /** By path alone; undefined when nothing is served there. */
  match(path: string): RouteMatch<Action> | undefined
  readonly paths: readonly string[]
  readonly routes: readonly Route<Action>[]
}

const NO_PARAMS: Readonly<Record<string, string>> = {}

interface Pattern<Action> {
  readonly route: Route<Action>
  readonly expression: RegExp
  readonly names: readonly string[]
}

/** Throws when a route lacks a policy or a path is taken: such a program must not start. */
export function createRouteTable<Action>(routes: readonly Route<Action>[]): RouteTable<Action> {
  const exact = new Map<string, RouteMatch<Action>>()
  const patterns: Pattern<Action>[] = []
  const seen = new Set<string>()
  for (const route of routes) {
    demandPolicy(route)
    if (seen.has(route.path)) throw new Error(`The path ${route.path} is registered twice.`)
    seen.add(route.path)
    if (route.path.includes('{')) patterns.push(compile(route))
    else exact.set(route.path, { route, params: NO_PARAMS })
  }
  return {
    match: (path) => exact.get(path) ?? matchPattern(patterns, path),
    paths: [...seen],
    routes,
  }
}

/** The methods that a route answers, as an `Allow` header lists them. */
export function allowedMethods(route: Route<unknown>): string {
  const also = route.also === undefined ? '' : `${route.also}, `
  return route.method === 'GET' ? `GET, HEAD, ${also}OPTIONS` : `${route.method}, ${also}OPTIONS`
}

function demandPolicy(route: Route<unknown>): void {
  // The type demands it too; this holds where somebody casts their way around the type.
  const policy: Partial<RoutePolicy> | undefined = route.policy
  const complete =
    (policy?.auth === 'key' || policy?.auth === 'none') &&
    (policy.body === 'none' || policy.body === 'json' || policy.body === 'form') &&
    typeof policy.browsable === 'boolean'
  if (!complete) throw new Error(`The route ${route.method} ${route.path} has no policy: say who may call it.`)
}

function compile<Action>(route: Route<Action>): Pattern<Action> {
  const names: string[] = []
  const source = route.path
    .split(/(\{[a-z]+\*?\})/)
    .map((piece) => {
      const name = /^\{([a-z]+)(\*?)\}$/.exec(piece)
      if (name === null) return piece.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
      names.push(name[1] ?? '')
      return name[2] === '*' ? '(.+)' : '([^/]+)'
    })
    .join('')
  return { route, names, expression: new RegExp(`^${source}$`) }
}

function matchPattern<Action>(patterns: readonly Pattern<Action>[], path: string): RouteMatch<Action> | undefined {
  for (const { route, expression, names } of patterns) {
    const match = expression.exec(path)
    if (match === null) continue
    const values = names.map((_, index) => decoded(match[index + 1] ?? ''))
    if (values.includes(undefined)) return undefined
    return { route, params: Object.fromEntries(names.map((name, index) => [name, values[index] ?? ''])) }
  }
  return undefined
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}
