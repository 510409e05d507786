import type { JsonObject } from '../../contract/json.ts'
import { bedrockFinish } from './bedrock-finish.ts'
import { at, countOf, listAt, numberAt, textAt } from './loose.ts'
import { parsedArguments, SILENCE, type CalledTool, type CountedTokens, type Meaning } from './meaning.ts'

/** Bodies of `invoke`, which AWS's library gives as they are: all texts, all calls, the last word and the last counts. */
export function readNative(parts: readonly JsonObject[], headers: Readonly<Record<string, string>>): Meaning {
  const tools = toolsOf(parts)
  const stop = parts.flatMap((part) => STOPS.map((path) => textAt(part, ...path))).findLast((word) => word !== '')
  return {
    ...SILENCE,
    text: parts.flatMap(textsOf).join(''),
    tools,
    finish: bedrockFinish(stop, tools.length > 0),
    usage: usageOf(parts, headers),
  }
}

type Path = readonly (string | number)[]

/** Where the makers of models put what was said. */
const TEXTS: readonly Path[] = [
  ['delta', 'text'],
  ['contentBlockDelta', 'delta', 'text'],
  ['generation'],
  ['outputText'],
  ['completion'],
  ['text'],
  ['results', 0, 'outputText'],
  ['outputs', 0, 'text'],
  ['generations', 0, 'text'],
  ['choices', 0, 'text'],
  ['choices', 0, 'message', 'content'],
  ['choices', 0, 'delta', 'content'],
]

const STOPS: readonly Path[] = [
  ['stop_reason'],
  ['stopReason'],
  ['finish_reason'],
  ['completionReason'],
  ['delta', 'stop_reason'],
  ['messageStop', 'stopReason'],
  ['results', 0, 'completionReason'],
  ['outputs', 0, 'stop_reason'],
  ['generations', 0, 'finish_reason'],
  ['choices', 0, 'finish_reason'],
]

function textsOf(json: JsonObject): readonly string[] {
  const blocks = [...listAt(json, 'content'), ...listAt(json, 'output', 'message', 'content')]
  return [...TEXTS.map((path) => textAt(json, ...path)), ...blocks.map((block) => textAt(block, 'text'))]
}

function toolsOf(parts: readonly JsonObject[]): CalledTool[] {
  const calls = new Map<unknown, { name: string; json: string }>()
  for (const json of parts) {
    const nova = at(json, 'contentBlockStart') ?? at(json, 'contentBlockDelta')
    const index = at(json, 'index') ?? at(nova, 'contentBlockIndex')
    const started = textAt(json, 'content_block', 'name') || textAt(nova, 'start', 'toolUse', 'name')
    if (started !== '') calls.set(index, { name: started, json: '' })
    const call = calls.get(index)
    if (call !== undefined) {
      call.json += textAt(json, 'delta', 'partial_json') + textAt(nova, 'delta', 'toolUse', 'input')
    }
    for (const block of [...listAt(json, 'content'), ...listAt(json, 'output', 'message', 'content')]) {
      const use = at(block, 'toolUse') ?? (at(block, 'type') === 'tool_use' ? block : undefined)
      if (use === undefined) continue
      calls.set(use, { name: textAt(use, 'name'), json: JSON.stringify(at(use, 'input')) })
    }
  }
  return [...calls.values()].map(({ name, json }) => ({ name, arguments: parsedArguments(json) }))
}

function usageOf(parts: readonly JsonObject[], headers: Readonly<Record<string, string>>): CountedTokens | undefined {
  const header = (name: string): number => Number(headers[`x-amzn-bedrock-${name}-token-count`] ?? 0)
  if (headers['x-amzn-bedrock-output-token-count'] !== undefined) {
    const cacheRead = header('cache-read-input')
    return {
      input: header('input') + cacheRead + header('cache-write-input'),
      output: header('output'),
      cacheRead,
      reasoning: 0,
    }
  }
  const choices = parts.findLast((json) => numberAt(json, 'usage', 'prompt_tokens') !== undefined)
  if (choices !== undefined) return countsOf(choices, ['usage', 'prompt_tokens'], ['usage', 'completion_tokens'])
  const claude = parts.findLast((json) => numberAt(json, 'usage', 'output_tokens') !== undefined)
  const metrics = parts.findLast((json) => json['amazon-bedrock-invocationMetrics'] !== undefined)
  const counted = countsOf(metrics, [METRICS, 'inputTokenCount'], [METRICS, 'outputTokenCount'])
  return counted && { ...counted, output: countOf(numberAt(claude, 'usage', 'output_tokens'), counted.output) }
}

const METRICS = 'amazon-bedrock-invocationMetrics'

function countsOf(json: unknown, input: Path, output: Path): CountedTokens | undefined {
  if (json === undefined) return undefined
  return {
    input: countOf(numberAt(json, ...input)),
    output: countOf(numberAt(json, ...output)),
    cacheRead: 0,
    reasoning: 0,
  }
}
