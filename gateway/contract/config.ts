import type { Diagnostic } from './diagnostic.ts'
import type {
  CooldownRules,
  Fallbacks,
  Locality,
  Balance,
  ParamRules,
  RetryRules,
  Route,
  Target,
  Timeouts,
} from './route.ts'

/**
 * The configuration in force, whatever file it came from: an immutable value that is swapped whole.
 * Both readers (`spillway.yaml`, LiteLLM's `config.yaml`) produce exactly this.
 */
export interface GatewayConfig {
  readonly mode: Mode
  /** Exact names first; see `routing/directory` for how a name is resolved. */
  readonly routes: readonly Route[]
  /** `model_name` with `*`: most specific first. */
  readonly patterns: readonly PatternRoute[]
  /** LiteLLM's `model_group_alias` and the native `aliases`. */
  readonly aliases: readonly Alias[]
  readonly routing: RoutingSettings
  /** Template for targets of runners that were found, and for `provider/model` names without a route. */
  readonly endpoints: readonly Endpoint[]
  readonly server: ServerSettings
  readonly logs: LogSettings
  readonly apps: readonly AppSettings[]
  /** Look for runners on this machine. */
  readonly discovery: boolean
  readonly warnings: readonly Diagnostic[]
}

export type Mode = 'local-first' | 'local-only' | 'cloud-first' | 'cloud-only'

/** A route whose name holds `*`; captured parts replace the `*` of the targets' models, left to right. */
export interface PatternRoute {
  readonly pattern: string
  readonly route: Route
}

export interface Alias {
  readonly name: string
  readonly model: string
  readonly hidden: boolean
}

/** A configured provider or runner: what `provider/model` names resolve to when no route has that name. */
export interface Endpoint {
  readonly name: string
  readonly provider: string
  readonly baseUrl: string
  readonly locality: Locality
  /** A target for any model here; `model` and `id` are filled in. */
  readonly template: Target
}

export interface RoutingSettings {
  readonly balance: Balance
  readonly retries: RetryRules
  readonly cooldown: CooldownRules
  readonly timeouts: Timeouts
  readonly params: ParamRules
  /** By route name; merged into each route's own. */
  readonly fallbacks: ReadonlyMap<string, Fallbacks>
  readonly defaultFallbacks: readonly string[]
  readonly maxFallbacks: number
  /** LiteLLM's `enable_pre_call_checks`: drop targets whose context is known to be too small. */
  readonly preCallChecks: boolean
  readonly tagFiltering: boolean
}

export interface ServerSettings {
  readonly port: number
  /** Host names beyond localhost, 127.0.0.1 and [::1] that a reverse proxy may send. */
  readonly extraHosts: readonly string[]
  /** Exact browser origins that any app key may be used from. */
  readonly origins: readonly string[]
  /** `off` lets every local program in without a key: the user's explicit choice. */
  readonly auth: 'key' | 'off'
  /** A key stated in the configuration, such as LiteLLM's `master_key`; undefined: only created keys. */
  readonly staticKeys: readonly StaticKey[]
  readonly maxBodyBytes: number
}

export interface StaticKey {
  readonly name: string
  /** SHA-256 of the key, hex: the key itself is not kept. */
  readonly sha256: string
}

export interface LogSettings {
  readonly keepDays: number
  readonly maxMb: number
  /** Answers of the Responses API are kept, so that clients can go on from them, unless the client says otherwise. */
  readonly responses: boolean
}

/** Limits of one app key, by the key's name. Undefined: no limit. */
export interface AppSettings {
  readonly name: string
  readonly models: readonly string[] | undefined
  readonly origins: readonly string[]
  readonly rpm: number | undefined
  readonly tpm: number | undefined
  readonly maxParallelRequests: number | undefined
}
