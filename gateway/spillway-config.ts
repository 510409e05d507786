import type { Mode } from './contract/config.ts'
import type { FailureKind } from './contract/failure.ts'
import type { JsonObject } from './contract/json.ts'
import type { Capability } from './contract/provider.ts'
import type { Balance } from './contract/route.ts'

/**
 * What `spillway.yaml` may state, as an object: the same keys, each described in the README's reference. Credentials
 * may be written as `os.environ/NAME` here too.
 */
export interface SpillwayConfig {
  readonly mode?: Mode
  /** `off` lets every program on this machine in without a key, once there is a port. */
  readonly auth?: 'key' | 'off'
  /** Look for the model runners on this machine; true when absent. */
  readonly discovery?: boolean
  readonly keys?: Readonly<Record<string, string>>
  readonly server?: ServerConfig
  readonly providers?: Readonly<Record<string, ProviderConfig | null>>
  /** `provider/model`, several of them, or the route in full. */
  readonly models?: Readonly<Record<string, string | readonly (string | TargetConfig)[] | ModelConfig>>
  readonly aliases?: Readonly<Record<string, string | AliasConfig>>
  readonly routing?: RoutingConfig
  /** Limits by the name of an app's key; the program that holds the gateway is `program`. */
  readonly apps?: Readonly<Record<string, AppConfig>>
  readonly logs?: LogConfig
}

export interface ServerConfig {
  readonly port?: number
  readonly hosts?: readonly string[]
  readonly origins?: readonly string[]
  readonly max_body_mb?: number
}

/** How requests to a provider, or to one of a model's targets, are treated. */
export interface TreatmentConfig {
  readonly params?: JsonObject
  readonly drop_params?: boolean
  readonly additional_drop_params?: readonly string[]
  readonly allowed_params?: readonly string[]
  readonly extra_body?: JsonObject
  readonly headers?: Readonly<Record<string, string>>
  readonly merge_reasoning?: boolean
  readonly repair_tool_calls?: boolean
  readonly lane?: 'auto' | 'translated'
  readonly rpm?: number
  readonly tpm?: number
  readonly max_parallel?: number
  readonly timeouts?: TimeoutConfig
  readonly context_tokens?: number
}

export interface ProviderConfig extends TreatmentConfig {
  readonly kind?: string
  readonly base_url?: string
  readonly key?: string
  readonly locality?: 'device' | 'lan' | 'cloud'
  readonly settings?: Readonly<Record<string, string>>
  readonly unlisted_models?: boolean
}

export interface TargetConfig extends TreatmentConfig {
  /** `provider/model`. */
  readonly use?: string
  readonly id?: string
  readonly weight?: number
  readonly tier?: number
  readonly price?: PriceConfig
  readonly capabilities?: readonly Capability[]
  readonly mode?: string
  readonly cooldown_ms?: number
  readonly retries?: number
  readonly tags?: readonly string[]
}

export interface PriceConfig {
  readonly input_usd_per_mtok?: number
  readonly output_usd_per_mtok?: number
}

export interface ModelConfig extends ModelFallbackConfig {
  readonly targets?: string | readonly (string | TargetConfig)[]
  readonly balance?: Balance
  readonly retries?: number | RetryConfig
  readonly hidden?: boolean
}

export interface ModelFallbackConfig {
  readonly fallbacks?: readonly string[]
  readonly context_fallbacks?: readonly string[]
  readonly content_fallbacks?: readonly string[]
}

export interface AliasConfig {
  readonly model?: string
  readonly hidden?: boolean
}

export interface RetryConfig {
  readonly count?: number
  readonly min_delay_ms?: number
  readonly by_kind?: Readonly<Partial<Record<FailureKind, number>>>
}

/** Milliseconds. */
export interface TimeoutConfig {
  readonly connect_ms?: number
  readonly first_token_ms?: number
  readonly between_tokens_ms?: number
  readonly answer_ms?: number
  readonly total_ms?: number
}

export interface CooldownConfig {
  readonly ms?: number
  readonly allowed_fails?: number
  readonly allowed_fails_by_kind?: Readonly<Partial<Record<FailureKind, number>>>
  readonly disabled?: boolean
}

export interface RoutingConfig {
  readonly balance?: Balance
  readonly retries?: number | RetryConfig
  readonly cooldown?: CooldownConfig
  readonly timeouts?: TimeoutConfig
  readonly fallbacks?: readonly string[]
  readonly model_fallbacks?: Readonly<Record<string, ModelFallbackConfig>>
  readonly max_fallbacks?: number
  readonly drop_params?: boolean
  readonly pre_call_checks?: boolean
  readonly tag_filtering?: boolean
}

export interface AppConfig {
  readonly models?: readonly string[]
  readonly origins?: readonly string[]
  readonly rpm?: number
  readonly tpm?: number
  readonly max_parallel?: number
}

export interface LogConfig {
  readonly keep_days?: number
  readonly max_mb?: number
  readonly responses?: boolean
}
