import type { JsonObject } from '../contract/json.ts'
import type { HttpHead } from '../contract/provider.ts'
import type { FinishReason, Usage } from '../contract/stream-event.ts'
import { countOf } from '../kit/json-fields.ts'
import { headerOf } from '../kit/retry-after.ts'
import { finishReason } from '../wire/finish-reason.ts'

/** Converse's usage: its `inputTokens` are those that no cache held. Undefined when it holds no count. */
export function converseUsage(usage: JsonObject): Usage | undefined {
  return usageOf({
    input: countOf(usage['inputTokens']),
    output: countOf(usage['outputTokens']),
    cacheRead: countOf(usage['cacheReadInputTokens']) ?? countOf(usage['cacheReadInputTokenCount']),
    cacheWrite: countOf(usage['cacheWriteInputTokens']) ?? countOf(usage['cacheWriteInputTokenCount']),
  })
}

/** `amazon-bedrock-invocationMetrics`, on the last chunk of a stream of `invoke`. */
export function metricsUsage(metrics: JsonObject): Usage | undefined {
  return usageOf({
    input: countOf(metrics['inputTokenCount']),
    output: countOf(metrics['outputTokenCount']),
    cacheRead: countOf(metrics['cacheReadInputTokenCount']),
    cacheWrite: countOf(metrics['cacheWriteInputTokenCount']),
  })
}

/** The counts in the headers of a whole reply of `invoke`. */
export function headerUsage(head: HttpHead): Usage | undefined {
  const count = (name: string): number | undefined => {
    const text = headerOf(head, `x-amzn-bedrock-${name}-token-count`)
    return text === undefined || text === '' ? undefined : countOf(Number(text))
  }
  return usageOf({
    input: count('input'),
    output: count('output'),
    cacheRead: count('cache-read-input'),
    cacheWrite: count('cache-write-input'),
  })
}

interface Counts {
  readonly input: number | undefined
  readonly output: number | undefined
  readonly cacheRead: number | undefined
  readonly cacheWrite: number | undefined
}

function usageOf({ input, output, cacheRead, cacheWrite }: Counts): Usage | undefined {
  if (input === undefined && output === undefined) return undefined
  return {
    input: (input ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0),
    output: output ?? 0,
    ...(cacheRead !== undefined && { cacheRead }),
    ...(cacheWrite !== undefined && { cacheWrite }),
  }
}

/** OpenAI's word for Converse's `stopReason`. A call that the model spoiled is no call, so its answer just stops. */
export function stopReason(raw: string, sawTools: boolean): FinishReason {
  if (raw.startsWith('malformed_')) return 'stop'
  const reason = finishReason(raw, sawTools)
  return reason === 'failed' ? 'stop' : reason
}
