/** What of a model decides how it is asked. */
export interface ClaudeTraits {
  /** The default of `max_tokens`, which Anthropic insists on. */
  readonly maxTokens: number
  /**
   * How it is told to think: not at all, with a budget in tokens (`enabled`), or `adaptive` with an effort. 4.6 takes a
   * budget too, later models refuse it.
   */
  readonly thinking: 'none' | 'budget' | 'either' | 'adaptive'
  /** Thinking can be switched off; elsewhere a low effort is the least. */
  readonly thinkingOff: boolean
  /** The efforts that go with adaptive thinking, lowest first. */
  readonly efforts: readonly string[]
  /** `temperature`, `top_p` and `top_k`: all, never temperature and top_p together, or none. */
  readonly sampling: 'all' | 'one' | 'none'
  /** Takes `tool_choice` of `any` and `tool`. */
  readonly forcedTool: boolean
  /** Holds its output to a schema: `output_config.format`, and `strict` of tools. */
  readonly schema: boolean
}

/**
 * The traits behind a model's name, wherever it is served: `claude-opus-4-6`, `claude-3-5-haiku-20241022`,
 * `us.anthropic.claude-sonnet-4-5-20250929-v1:0` (Bedrock), `claude-opus-4-1@20250805` (Vertex). A Claude that is newer than
 * this table, or bears no number, is taken for the newest kind; any other name belongs to a server that imitates
 * Anthropic, which knows the wire of the first models. Sources: Anthropic's pages on models, thinking, effort and
 * structured outputs.
 */
export function claudeTraits(model: string): ClaudeTraits {
  const name = model.toLowerCase()
  if (!name.includes('claude')) return IMITATION
  const version = versionOf(name)
  if (version === undefined) return { ...NEWEST, thinkingOff: false }
  return ofVersion(version)
}

const IMITATION: ClaudeTraits = {
  maxTokens: 8_192,
  thinking: 'budget',
  thinkingOff: true,
  efforts: [],
  sampling: 'all',
  forcedTool: true,
  schema: false,
}
const NEWEST: ClaudeTraits = {
  maxTokens: 128_000,
  thinking: 'adaptive',
  thinkingOff: true,
  efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
  sampling: 'none',
  forcedTool: true,
  schema: true,
}

interface Version {
  /** `opus`, `sonnet`...; empty for the first models, which are named by their number first. */
  readonly family: string
  /** Major and minor as one number: 4.6 is 406. */
  readonly number: number
}

/** A date of eight digits is no minor version. */
const VERSION = /claude-(?:([a-z]+)-)?v?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/

function versionOf(name: string): Version | undefined {
  const found = VERSION.exec(name)
  if (found?.[2] === undefined) return undefined
  return { family: found[1] ?? '', number: Number(found[2]) * 100 + Number(found[3] ?? 0) }
}

function ofVersion(version: Version): ClaudeTraits {
  const { number } = version
  if (number >= 407) return { ...NEWEST, thinkingOff: canStopThinking(version), forcedTool: takesForcedTool(version) }
  if (number >= 406)
    return { ...NEWEST, thinking: 'either', efforts: ['low', 'medium', 'high', 'max'], sampling: 'one' }
  return {
    ...IMITATION,
    maxTokens: maxTokensOf(version),
    thinking: number >= 307 ? 'budget' : 'none',
    sampling: number >= 401 ? 'one' : 'all',
    schema: number >= 401,
  }
}

/**
 * The most that the model gives. Before 4.5 it is refused when prompt and `max_tokens` together exceed the window, so the
 * models between have the half of it: room for a long prompt matters more there.
 */
function maxTokensOf({ number }: Version): number {
  if (number >= 405) return 64_000
  if (number >= 307) return 32_000
  return number >= 305 ? 8_192 : 4_096
}

/** From 5.5 on only Haiku can be told not to think; Fable and Mythos never could. */
function canStopThinking({ family, number }: Version): boolean {
  if (family === 'haiku') return true
  return number < 505 && family !== 'fable' && family !== 'mythos'
}

function takesForcedTool({ family, number }: Version): boolean {
  if (family === 'haiku') return true
  return family === 'fable' || family === 'mythos' ? number < 501 : number < 505
}
