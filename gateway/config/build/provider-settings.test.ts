import { describe, expect, it } from 'vitest'
import type { Provider } from '../../contract/provider.ts'
import { readConfig, type ConfigResult } from '../read-config.ts'

const cloud: Provider = {
  id: 'cloud',
  aliases: [],
  label: 'Cloud',
  defaults: { baseUrlEnv: [], keyEnv: [], keyRequired: false, locality: 'cloud' },
  settings: [
    { name: 'region', litellm: ['cloud_region_name'], env: ['CLOUD_REGION'], help: 'Where it runs.' },
    { name: 'api_version', litellm: ['api_version'], env: [], help: 'Which version.' },
    { name: 'token', litellm: ['cloud_token'], env: ['CLOUD_TOKEN'], secret: true, help: 'What it costs to enter.' },
  ],
  baseUrlFrom: ({ region }) => (region === undefined ? undefined : `https://${region}.cloud.test`),
  prefill: false,
  verbatim: {},
  headers: () => ({}),
  failure: () => ({ kind: 'server-error', message: 'no' }),
}

function read(text: string, env: Record<string, string> = {}): ConfigResult {
  return readConfig({
    path: '/c/config.yaml',
    env,
    readFile: () => ({ text }),
    findProvider: (name) => (name === 'cloud' ? cloud : undefined),
    providerIds: ['cloud'],
  })
}

function firstTarget(result: ConfigResult): unknown {
  if (!('config' in result)) throw new Error(JSON.stringify(result))
  const target = result.config.routes[0]?.targets[0]
  return [target?.baseUrl, target?.settings, target?.secrets?.['token']?.reveal()]
}

describe('settings of a provider', () => {
  it('come from the file, and the address follows from them', () => {
    const result = read(
      'providers: { cloud: { settings: { region: north, token: os.environ/T } } }\nmodels: { m: cloud/x }',
      {
        T: 'abc',
      },
    )
    expect(firstTarget(result)).toEqual(['https://north.cloud.test', { region: 'north' }, 'abc'])
  })

  it("come from the provider's usual variables where the file says nothing", () => {
    const result = read('models: { m: cloud/x }', { CLOUD_REGION: 'south', CLOUD_TOKEN: 'xyz' })
    expect(firstTarget(result)).toEqual(['https://south.cloud.test', { region: 'south' }, 'xyz'])
  })

  it("are read under LiteLLM's names", () => {
    const entry = '{ model_name: m, litellm_params: { model: cloud/x, cloud_region_name: west, cloud_token: t } }'
    expect(firstTarget(read(`model_list: [${entry}]`))).toEqual(['https://west.cloud.test', { region: 'west' }, 't'])
  })

  it('take the API version from an address that ends in it, unless it is stated', () => {
    const url = 'https://x.cloud.test/deployments/d?api-version=2024-10-21'
    const stated = (settings: string): unknown =>
      firstTarget(read(`providers: { cloud: { base_url: '${url}'${settings} } }\nmodels: { m: cloud/x }`))
    expect(stated('')).toEqual(['https://x.cloud.test/deployments/d', { api_version: '2024-10-21' }, undefined])
    expect(stated(', settings: { api_version: v9 }')).toMatchObject([
      expect.anything(),
      { api_version: 'v9' },
      undefined,
    ])
    const other = read(`providers: { cloud: { base_url: 'https://x.cloud.test/?a=b' } }\nmodels: { m: cloud/x }`)
    expect(other.ok).toBe(false)
  })

  it('are refused where the provider has no such setting, with the one that may be meant', () => {
    const result = read('providers: { cloud: { settings: { regoin: north } } }\nmodels: { m: cloud/x }')
    expect(JSON.stringify(result)).toContain('Did you mean \\"region\\"?')
    expect(result.ok).toBe(false)
  })

  it('are asked for by name where the address cannot be told without them', () => {
    expect(JSON.stringify(read('models: { m: cloud/x }'))).toContain('settings.region')
  })
})
