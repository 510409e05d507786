import type { Capability } from '../contract/provider.ts'

/**
 * What a model can probably do, by its name, where neither configuration nor runner say it. Only for telling clients
 * that hide what is not claimed: planning rules nothing out for a model of which nothing is known.
 */
export function probableAbilities(model: string): readonly Capability[] {
  if (EMBEDS.test(model)) return ['embedding']
  return [
    'chat',
    'completion',
    // All current families call tools; one that does not answers in words.
    'tools',
    ...(SEES.test(model) ? (['vision'] as const) : []),
    ...(THINKS.test(model) ? (['reasoning'] as const) : []),
  ]
}

const EMBEDS = /embed|(?:^|[/:-])(?:bge|e5|gte|all-minilm|minilm|snowflake-arctic)\b/i

const SEES =
  /gpt-4o|gpt-4\.1|gpt-4-turbo|gpt-5|chatgpt-4o|(?:^|[/-])o[34](?:-|$)|claude|gemini|gemma-?[34]|pixtral|llama-?4|llava|moondream|minicpm-v|vision|[-\d]vl\b|grok-4|nova-(?:lite|pro|premier)/i

const THINKS =
  /(?:^|[/-])o[134](?:-|$)|gpt-5|gpt-oss|claude-(?:3-7|opus-4|sonnet-4|haiku-4)|gemini-(?:2\.5|3)|deepseek-(?:r1|reasoner)|qwq|qwen3(?!-coder)|magistral|grok-(?:3-mini|4)|thinking|reason/i
