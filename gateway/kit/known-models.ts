/**
 * Whose model a plain name is, for the families whose names are unmistakable: so that `gpt-5` finds the route
 * `openai/*` or a configured `openai` endpoint, as it does with LiteLLM. Anything else must say its provider.
 */
const FAMILIES: readonly { readonly name: RegExp; readonly provider: string }[] = [
  {
    name: /^(?:ft:)?(?:gpt-|chatgpt-|o[1-9](?:-|$)|text-embedding-|text-moderation|omni-moderation|dall-e|whisper-|tts-|davinci|babbage|codex-)/,
    provider: 'openai',
  },
  { name: /^claude-/, provider: 'anthropic' },
  { name: /^gemini-/, provider: 'gemini' },
  { name: /^(?:mistral|codestral|magistral|devstral|ministral|pixtral)-/, provider: 'mistral' },
  { name: /^deepseek-(?:chat|reasoner|coder)/, provider: 'deepseek' },
  { name: /^command-/, provider: 'cohere' },
  { name: /^grok-/, provider: 'xai' },
]

/** The provider that this model name belongs to; undefined when the name does not tell. */
export function providerOfName(name: string): string | undefined {
  return FAMILIES.find((family) => family.name.test(name))?.provider
}
