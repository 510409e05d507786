import type { Provider, ProviderDefaults } from '../../contract/provider.ts'

/** A registry of a few providers with the addresses and variables that the fixtures count on. */
const registry: readonly Provider[] = [
  provider('openai', {
    baseUrl: 'https://api.openai.com/v1',
    baseUrlEnv: ['OPENAI_BASE_URL'],
    keyEnv: ['OPENAI_API_KEY'],
    keyRequired: true,
    locality: 'cloud',
  }),
  provider('groq', {
    baseUrl: 'https://api.groq.com/openai/v1',
    baseUrlEnv: [],
    keyEnv: ['GROQ_API_KEY'],
    keyRequired: true,
    locality: 'cloud',
  }),
  provider('mistral', {
    baseUrl: 'https://api.mistral.ai/v1',
    baseUrlEnv: [],
    keyEnv: ['MISTRAL_API_KEY'],
    keyRequired: true,
    locality: 'cloud',
  }),
  provider('openrouter', {
    baseUrl: 'https://openrouter.ai/api/v1',
    baseUrlEnv: [],
    keyEnv: ['OPENROUTER_API_KEY'],
    keyRequired: true,
    locality: 'cloud',
  }),
  provider(
    'ollama',
    {
      baseUrl: 'http://127.0.0.1:11434',
      baseUrlEnv: ['OLLAMA_API_BASE'],
      keyEnv: [],
      keyRequired: false,
      locality: 'device',
    },
    ['ollama_chat'],
  ),
  {
    ...provider('vllm', { baseUrlEnv: [], keyEnv: [], keyRequired: false, locality: 'device' }, ['hosted_vllm']),
    normaliseBaseUrl: (given) => (/:\d+$/.test(given) ? `${given}/v1` : given),
  },
]

export const providerIds = registry.map(({ id }) => id)

export function findProvider(name: string): Provider | undefined {
  return registry.find(({ id, aliases }) => id === name || aliases.includes(name))
}

function provider(id: string, defaults: ProviderDefaults, aliases: readonly string[] = []): Provider {
  return {
    id,
    aliases,
    label: id,
    defaults,
    prefill: false,
    verbatim: {},
    headers: () => ({}),
    failure: () => ({ kind: 'server-error', message: '' }),
  }
}
