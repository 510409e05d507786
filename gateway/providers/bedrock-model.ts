import { claudeTraits, type ClaudeTraits } from './anthropic-models.ts'

/** What a model's name says about how Bedrock is asked for it. */
export interface BedrockModel {
  /** The id, profile or ARN for the path. */
  readonly id: string
  readonly api: 'converse' | 'invoke'
  /** A region that stands in the name: LiteLLM's `us-east-1/anthropic...`, or an ARN's. */
  readonly region: string | undefined
  readonly family: Family
  /** Only of family `claude`. */
  readonly claude: ClaudeTraits | undefined
}

/** Who made it, as far as wires differ; `unknown` for ARNs that do not tell. */
export type Family =
  | 'claude'
  | 'nova-1'
  | 'nova-2'
  | 'titan'
  | 'llama'
  | 'mistral'
  | 'cohere'
  | 'ai21'
  | 'deepseek-r1'
  | 'openai'
  | 'other'
  | 'unknown'

/** In the order of asking. Ids are `maker.model`, with `us.` and the like before it for profiles over several regions. */
const FAMILIES: readonly { readonly says: RegExp; readonly family: Family }[] = [
  { says: /anthropic\.|claude/, family: 'claude' },
  { says: /amazon\.nova-(?:[2-9]|premier-[2-9])/, family: 'nova-2' },
  { says: /amazon\.nova/, family: 'nova-1' },
  { says: /amazon\.titan/, family: 'titan' },
  { says: /meta\.llama/, family: 'llama' },
  { says: /mistral\./, family: 'mistral' },
  { says: /cohere\./, family: 'cohere' },
  { says: /ai21\./, family: 'ai21' },
  { says: /deepseek\.r1/, family: 'deepseek-r1' },
  { says: /openai\./, family: 'openai' },
]

const REGION = /^(?:[a-z]{2}(?:-[a-z]+)+-\d)\//
const ARN = /^arn:[a-z0-9-]+:[a-z-]+:([a-z0-9-]+):/

/**
 * Takes a model's name apart: LiteLLM's `converse/` and `invoke/`, a region before the id, an ARN. Without a word for it,
 * Converse is used: it is the same for every model.
 */
export function bedrockModel(name: string): BedrockModel {
  const route = /^(converse|invoke)\//.exec(name)?.[1]
  const rest = route === undefined ? name : name.slice(route.length + 1)
  const prefix = REGION.exec(rest)?.[0]
  const id = prefix === undefined ? rest : rest.slice(prefix.length)
  const family = familyOf(id)
  return {
    id,
    api: route === 'invoke' ? 'invoke' : 'converse',
    region: prefix?.slice(0, -1) ?? ARN.exec(id)?.[1],
    family,
    claude: family === 'claude' ? claudeTraits(id) : undefined,
  }
}

function familyOf(id: string): Family {
  const name = id.toLowerCase()
  const known = FAMILIES.find(({ says }) => says.test(name))?.family
  return known ?? (name.startsWith('arn:') ? 'unknown' : 'other')
}

/** Who can read the thoughts that a model signed. */
export function makerOf(model: BedrockModel): 'anthropic' | 'bedrock' {
  return model.family === 'claude' ? 'anthropic' : 'bedrock'
}
