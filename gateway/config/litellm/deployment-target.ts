import { capabilities, type TargetDraft } from '../native/model-keys.ts'
import type { Reading, Values } from '../reading.ts'
import { flag, type Json, listOf, plainText } from '../readers.ts'
import type { Place, SourceNode } from '../source-node.ts'
import type { litellmParams, modelInfo } from './sections.ts'

/** What `litellm_params` and `model_info` say, read. */
export type Params = Values<typeof litellmParams.keys>
export type Info = Values<typeof modelInfo.keys>

export interface TargetExtras {
  readonly at: Place
  readonly request: Json
  readonly organization: string | undefined
  readonly index: number
  readonly maxParallel: number | undefined
  readonly reading: Reading
}

/** How a deployment is treated: everything but where it is. */
export function targetOf(given: Params, info: Info, extras: TargetExtras): Omit<TargetDraft, 'use'> {
  const { request, organization, index, at } = extras
  const dropped = readDropParams(given.drop_params, extras.reading)
  const input = given.input_cost_per_token ?? info.input_cost_per_token
  const output = given.output_cost_per_token ?? info.output_cost_per_token
  const hasPrice = input !== undefined || output !== undefined
  return {
    at,
    id: info.id === undefined || index === 0 ? info.id : `${info.id}#${index + 1}`,
    weight: given.weight,
    price: hasPrice ? { input_usd_per_mtok: perMillion(input), output_usd_per_mtok: perMillion(output) } : undefined,
    capabilities: capabilitiesOf(info),
    mode: info.mode,
    cooldown_ms: given.cooldown_time ?? info.cooldown_time,
    retries: given.num_retries ?? given.max_retries,
    tags: given.tags,
    params: Object.keys(request.raw).length === 0 ? undefined : request,
    drop_params: dropped.drop,
    additional_drop_params: union(dropped.names, given.additional_drop_params),
    allowed_params: given.allowed_openai_params,
    extra_body: given.extra_body,
    headers: joinedHeaders(given, organization),
    merge_reasoning: given.merge_reasoning_content_in_choices,
    rpm: given.rpm,
    tpm: given.tpm,
    max_parallel: given.max_parallel_requests ?? extras.maxParallel,
    timeouts: timeoutsOf(given.timeout, given.stream_timeout),
    context_tokens: info.max_input_tokens,
  }
}

/**
 * LiteLLM's timeouts bound how long an upstream may be silent: `stream_timeout`, or else `timeout`, until a streamed
 * answer begins, and `timeout` between two pieces of it or until a whole answer is there. A stream that flows may take
 * as long as it likes.
 */
export function timeoutsOf(timeout: number | undefined, stream: number | undefined): TargetDraft['timeouts'] {
  if (timeout === undefined && stream === undefined) return undefined
  return { first_token_ms: stream ?? timeout, between_tokens_ms: timeout ?? stream, answer_ms: timeout }
}

function readDropParams(
  node: SourceNode | undefined,
  reading: Reading,
): { drop?: boolean | undefined; names?: readonly string[] | undefined } {
  if (node === undefined) return {}
  if (node.kind !== 'list') return { drop: flag(node, reading, 'litellm_params.drop_params') }
  const message = 'drop_params is true or false; this list is read as additional_drop_params.'
  reading.report.warn(node.at, { code: 'misplaced-key', message, suggestion: 'Write additional_drop_params.' })
  // LiteLLM takes a list for "true".
  return { drop: true, names: listOf(plainText)(node, reading, 'litellm_params.drop_params') }
}

function joinedHeaders({ headers, extra_headers: extra }: Params, organization: string | undefined): Json | undefined {
  const own = organization === undefined ? {} : { 'openai-organization': organization }
  const raw = { ...own, ...headers?.raw, ...extra?.raw }
  if (Object.keys(raw).length === 0) return undefined
  return { raw, value: { ...own, ...headers?.value, ...extra?.value } }
}

/** What a deployment is said to lack rules it out; what it is said to have rules nothing out. */
function capabilitiesOf(info: Info): TargetDraft['capabilities'] {
  const lacks = new Set<string>([
    ...(info.supports_vision === false ? ['vision'] : []),
    ...(info.supports_function_calling === false ? ['tools'] : []),
    ...(info.supports_reasoning === false ? ['reasoning'] : []),
    ...(info.supports_audio_input === false ? ['audio'] : []),
  ])
  return lacks.size === 0 ? undefined : capabilities.filter((capability) => !lacks.has(capability))
}

/** Twelve digits are more than any price has; the rest is the noise of binary fractions. */
function perMillion(usdPerToken: number | undefined): number | undefined {
  return usdPerToken === undefined ? undefined : Number((usdPerToken * 1_000_000).toPrecision(12))
}

function union(a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined {
  return a === undefined && b === undefined ? undefined : [...new Set([...(a ?? []), ...(b ?? [])])]
}
