import type { ProviderSetting } from '../contract/provider.ts'

/** What can be set for Azure. Names of LiteLLM and of Microsoft's own libraries. */
export const AZURE_SETTINGS: readonly ProviderSetting[] = [
  {
    name: 'api_version',
    litellm: ['api_version'],
    env: ['AZURE_API_VERSION', 'OPENAI_API_VERSION'],
    help: 'Version of the API: a date, or `v1` for the interface without dates. 2025-02-01-preview when absent.',
  },
  {
    name: 'tenant_id',
    litellm: ['tenant_id'],
    env: ['AZURE_TENANT_ID'],
    help: 'Entra tenant of the identity that is used where there is no key.',
  },
  {
    name: 'client_id',
    litellm: ['client_id'],
    env: ['AZURE_CLIENT_ID'],
    help: 'Entra application, or user-assigned managed identity.',
  },
  {
    name: 'client_secret',
    litellm: ['client_secret'],
    env: ['AZURE_CLIENT_SECRET'],
    secret: true,
    help: 'Secret of the Entra application.',
  },
  {
    name: 'azure_ad_token',
    litellm: ['azure_ad_token'],
    env: ['AZURE_AD_TOKEN'],
    secret: true,
    help: 'An Entra token, sent as it is; it is not renewed.',
  },
  {
    name: 'scope',
    litellm: ['azure_scope'],
    env: ['AZURE_SCOPE'],
    help: 'Scope of Entra tokens; also says that an address outside of Azure may be sent one.',
  },
]
