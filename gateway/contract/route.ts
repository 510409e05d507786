import type { Failure, FailureKind } from './failure.ts'
import type { JsonObject } from './json.ts'
import type { Capability } from './provider.ts'
import type { Secret } from './secret.ts'

/** Where a model runs, as far as privacy and cost care. `builtin` is the echo model inside this process. */
export type Locality = 'device' | 'lan' | 'cloud' | 'builtin'

/** One deployment: a model at an upstream, with how to reach it and how to treat it. */
export interface Target {
  /** Unique and stable across restarts: LiteLLM's `model_info.id`, or `endpoint/model` (with `#2`... when repeated). */
  readonly id: string
  /** Key into the provider registry. */
  readonly provider: string
  /** The configured endpoint's name (`openai`, `gpu-box`), for people and logs. */
  readonly endpoint: string
  /** The model's name at the upstream. */
  readonly model: string
  readonly locality: Locality
  /** Without a trailing slash. */
  readonly baseUrl: string
  readonly key: Secret | undefined
  /** The provider's own settings: region, project, API version. Absent: none. */
  readonly settings?: Readonly<Record<string, string>>
  /** Settings that are secret, by the same names. Absent: none. */
  readonly secrets?: Readonly<Record<string, Secret>>
  /** Lower is tried first; a later tier is used only when the earlier ones cannot serve (LiteLLM's `order`). */
  readonly tier: number
  readonly weight: number | undefined
  readonly rpm: number | undefined
  readonly tpm: number | undefined
  readonly maxParallelRequests: number | undefined
  readonly timeouts: Partial<Timeouts>
  /** Retries on this target, overriding the route's. */
  readonly retries: number | undefined
  readonly cooldownMs: number | undefined
  readonly params: ParamRules
  readonly contextTokens: number | undefined
  /** Undefined: unknown, so nothing is ruled out. */
  readonly capabilities: readonly Capability[] | undefined
  /** LiteLLM's `model_info.mode`: which operations this deployment is for; undefined: any. */
  readonly mode: string | undefined
  readonly price: Price | undefined
  readonly tags: readonly string[]
}

/** US dollars per token. */
export interface Price {
  readonly inputUsdPerToken: number
  readonly outputUsdPerToken: number
}

/** All in milliseconds. */
export interface Timeouts {
  readonly connectMs: number
  readonly firstTokenMs: number
  readonly betweenTokensMs: number
  readonly totalMs: number
  /** Of one attempt that is not streamed: until its answer is complete. Absent: only `totalMs` bounds it. */
  readonly answerMs?: number
}

/** What a deployment does to the client's parameters, as LiteLLM has it. */
export interface ParamRules {
  /** Merged under the client's body: sent unless the client says otherwise (`temperature: 0.2`, `num_ctx: 8192`). */
  readonly defaults: JsonObject
  /** Drop what the provider does not support instead of refusing. */
  readonly dropUnsupported: boolean
  /** Always dropped; plain names or LiteLLM's paths such as `tools[*].function.strict`. */
  readonly drop: readonly string[]
  /** Sent although the provider is said not to support them. */
  readonly allow: readonly string[]
  readonly extraHeaders: Readonly<Record<string, string>>
  /** Merged into the upstream's body last. */
  readonly extraBody: JsonObject
  /** Wrap reasoning into `<think>` tags inside the content; forces the translated lane. */
  readonly mergeReasoning: boolean
  /** `translated` forces the translated lane even where bytes could pass verbatim. */
  readonly lane: 'auto' | 'translated'
  /** Tool calls that a local model wrote as text are made real ones. Absent: yes. */
  readonly repairToolCalls?: boolean
}

export type Balance = 'shuffle' | 'least-busy' | 'latency' | 'usage' | 'cost' | 'order'

/** What a client may ask for by name, and the deployments behind it. */
export interface Route {
  readonly name: string
  readonly targets: readonly Target[]
  readonly balance: Balance
  readonly retries: RetryRules
  readonly fallbacks: Fallbacks
  /** Served but not listed in `/v1/models`. */
  readonly hidden: boolean
  readonly origin: 'config' | 'discovered' | 'builtin'
}

/** Route names to try when a route fails, each with retries of its own. */
export interface Fallbacks {
  readonly general: readonly string[]
  readonly contextWindow: readonly string[]
  readonly contentPolicy: readonly string[]
}

export interface RetryRules {
  /** Attempts beyond the first, over the whole group. */
  readonly count: number
  /** LiteLLM's `retry_policy`: attempts beyond the first per failure kind. */
  readonly byKind: Readonly<Partial<Record<FailureKind, number>>>
  /** The shortest pause between two attempts. */
  readonly minDelayMs: number
}

/** When a deployment is left alone for a while. */
export interface CooldownRules {
  readonly disabled: boolean
  /** Cooldown of a deployment that states none of its own. */
  readonly cooldownMs: number
  /** Failures per minute that are forgiven; undefined: the built-in thresholds. */
  readonly allowedFails: number | undefined
  readonly allowedFailsByKind: Readonly<Partial<Record<FailureKind, number>>>
}

/** What is known about a request before any target is chosen; cheap to compute from the parsed body. */
export interface RequestFacts {
  readonly model: string
  readonly operation: Operation
  readonly stream: boolean
  /** What a target must be able to do. */
  readonly needs: readonly Capability[]
  /** A rough count (characters / 4), never exact. */
  readonly promptTokensEstimate: number
  readonly maxOutputTokens: number | undefined
  readonly tags: readonly string[]
  readonly controls: RequestControls
}

export type Operation = 'chat' | 'completions' | 'embeddings' | 'count' | 'passthrough'

/** What a client may steer per request: body keys and headers, as LiteLLM names them. */
export interface RequestControls {
  readonly fallbacks: readonly string[] | undefined
  readonly disableFallbacks: boolean
  readonly retries: number | undefined
  readonly timeoutMs: number | undefined
  readonly firstTokenTimeoutMs: number | undefined
}

/** The world at one instant, as planning needs it. A live read-only view; tests pass plain objects. */
export interface Snapshot {
  readonly atMs: number
  health(targetId: string): Health
  inFlight(targetId: string): number
  /** Requests and tokens that this target served in the running minute. */
  usage(targetId: string): { readonly requests: number; readonly tokens: number }
  /** Time to first token and per output token, medians of recent answers; undefined when never measured. */
  latency(targetId: string): { readonly firstTokenMs: number; readonly perTokenMs: number } | undefined
}

/** `open`: cooling down, not asked. `half-open`: one probe may pass. */
export type Health =
  | { readonly state: 'closed' }
  | { readonly state: 'half-open'; readonly probing: boolean }
  | { readonly state: 'open'; readonly untilMs: number; readonly why: string }

export interface Plan {
  readonly route: string
  /** In the order of trying. */
  readonly attempts: readonly Target[]
  /** Alternatives by what went wrong, in order, each planned like a route of its own. */
  readonly fallbacks: {
    readonly general: readonly FallbackGroup[]
    readonly contextWindow: readonly FallbackGroup[]
    readonly contentPolicy: readonly FallbackGroup[]
  }
  readonly retries: RetryRules
  readonly dropped: readonly Dropped[]
  /** One short machine-readable word for the header: `only-target`, `tier-1`, `least-busy`, `spill:busy`... */
  readonly reason: string
}

export interface FallbackGroup {
  readonly route: string
  readonly attempts: readonly Target[]
  readonly retries: RetryRules
}

/** Why a target was not considered. `by` is the rule's id, `why` a sentence with the numbers. */
export interface Dropped {
  readonly target: string
  readonly by: string
  readonly why: string
}

/** A plan with nothing to attempt is a failure whose message lists every dropped target. */
export type Planned = { readonly plan: Plan } | { readonly failure: Failure; readonly dropped: readonly Dropped[] }
