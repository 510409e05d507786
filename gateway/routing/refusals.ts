import type { CallerApp } from '../contract/call.ts'
import type { Failure } from '../contract/failure.ts'
import { limits } from '../contract/limits.ts'
import type { Dropped, Snapshot } from '../contract/route.ts'
import type { RuleId } from './reasons.ts'

type Refusal = Pick<Failure, 'kind' | 'code'> & { readonly status: number; readonly advice: string }

/**
 * How a request is refused whose targets were all dropped, by the rule that took them out. Where several rules did,
 * the first one here counts: what passes with time comes before what does not, so that the client may try again.
 */
const refusals: readonly (readonly [RuleId, Refusal])[] = [
  [
    'health',
    {
      kind: 'no-target',
      status: 503,
      code: 'no_healthy_target',
      advice: 'Try again after the cooldown, look at the target itself, or add a fallback to the route.',
    },
  ],
  [
    'limits',
    {
      kind: 'no-target',
      status: 429,
      code: 'target_limits_reached',
      advice: 'Try again within a minute, raise rpm or tpm of a target, or add a fallback to the route.',
    },
  ],
  [
    'context',
    {
      kind: 'context-length',
      status: 400,
      code: 'context_length_exceeded',
      advice: 'Shorten the prompt, or add a context-window fallback with a larger context to the route.',
    },
  ],
  [
    'capability',
    {
      kind: 'unsupported',
      status: 400,
      code: 'unsupported_capability',
      advice: 'Ask for a model that can, or add one to the route.',
    },
  ],
  [
    'operation',
    {
      kind: 'unsupported',
      status: 400,
      code: 'unsupported_operation',
      advice: 'Ask for a model of the right kind, or correct `mode` in its model_info.',
    },
  ],
  [
    'tags',
    {
      kind: 'no-target',
      status: 403,
      code: 'no_target_for_tags',
      advice: 'Send a tag that a target has, or tag a target `default`.',
    },
  ],
  [
    'mode',
    {
      kind: 'no-target',
      status: 403,
      code: 'forbidden_by_mode',
      advice: 'Change the mode, or add a target to the route that it allows.',
    },
  ],
]

const EMPTY_ROUTE: Refusal = {
  kind: 'no-target',
  status: 503,
  code: 'no_target',
  advice: 'Add a target to the route.',
}

/** No target of the route asked for, and of its fallbacks, can be tried: says why for each, and what to do. */
export function refuseNoTarget(route: string, dropped: readonly Dropped[], snapshot: Snapshot): Failure {
  const [by, refusal] = refusals.find(([rule]) => dropped.some((drop) => drop.by === rule)) ?? [undefined, EMPTY_ROUTE]
  const waitMs = retryAfterMs(by, dropped, snapshot)
  const { advice, ...rest } = refusal
  return {
    ...rest,
    message: `No target of '${route}' can serve this request: ${listed(dropped)}. ${advice}`,
    ...(refusal.status === 400 ? { type: 'invalid_request_error' } : {}),
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
  }
}

/** The model exists, and this key may not use it. */
export function refuseModel(model: string, app: CallerApp): Failure {
  const allowed = app.models?.length === 0 ? 'nothing' : (app.models ?? []).slice(0, limits.namesInMessage).join(', ')
  return {
    kind: 'model-not-allowed',
    status: 403,
    code: 'model_not_allowed',
    param: 'model',
    message: `The key '${app.name}' may not use the model '${model}'. It may use: ${allowed}. Add the model to the key's \`models\`, or ask for one of these.`,
  }
}

/** No route, runner or endpoint has this name. */
export function refuseUnknownModel(model: string, suggestion: string | undefined): Failure {
  const shown = model.slice(0, limits.modelNameChars)
  const hint = suggestion === undefined ? '' : ` Did you mean '${suggestion}'?`
  return {
    kind: 'unknown-model',
    status: 404,
    code: 'model_not_found',
    type: 'invalid_request_error',
    param: 'model',
    message: `There is no model '${shown}'.${hint} GET /v1/models lists what there is; add a model to the configuration, or start its runner.`,
  }
}

function listed(dropped: readonly Dropped[]): string {
  if (dropped.length === 0) return 'it has none'
  const lines = dropped.slice(0, limits.namesInMessage).map(({ target, why }) => `${target}: ${why.replace(/\.$/, '')}`)
  const more = dropped.length - lines.length
  return more > 0 ? `${lines.join('; ')}; and ${more} more` : lines.join('; ')
}

/** When the first cooldown ends; a used-up minute is over after a minute at the latest. */
function retryAfterMs(by: RuleId | undefined, dropped: readonly Dropped[], snapshot: Snapshot): number | undefined {
  if (by === 'limits') return limits.rateWindowMs
  if (by !== 'health') return undefined
  const waits = dropped
    .map(({ target }) => snapshot.health(target))
    .map((health) => (health.state === 'open' ? Math.ceil(health.untilMs - snapshot.atMs) : Infinity))
  return Math.max(0, Math.min(...waits))
}
