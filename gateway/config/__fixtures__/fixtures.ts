import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GatewayConfig } from '../../contract/config.ts'
import { Secret } from '../../contract/secret.ts'
import { type ConfigResult, readConfig } from '../read-config.ts'
import { readTextFile } from '../read-file.ts'
import { findProvider, providerIds } from './providers.ts'

/** The environment that the fixtures are read in. */
export const env: Readonly<Record<string, string>> = {
  OPENAI_API_KEY: 'sk-first-0001',
  SECOND_OPENAI_KEY: 'sk-second-0002',
  GROQ_API_KEY: 'gsk-third-0003',
  LITELLM_MASTER_KEY: 'sk-master-0004',
  CI_KEY: 'sk-ci-0005',
  OLLAMA_URL: 'http://localhost:11434',
  PROXY_URL: 'https://proxy.example.com/v1',
}

/** Everything that must never be seen in a message: keys of the environment and of the files. */
export const secrets: readonly string[] = [
  ...Object.entries(env).flatMap(([name, value]) => (name.endsWith('KEY') ? [value] : [])),
  'sk-1234',
  'sk-included',
  'sk-in-the-wrong-place',
  'hunter2',
  'very-secret-value',
  'another-secret',
  'do-not-print-me',
]

/** Names of fixture files, such as `litellm/quick-start.yaml`. */
export const fixtureNames: readonly string[] = ['litellm', 'native'].flatMap((folder) =>
  readdirSync(join(import.meta.dirname, folder))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `${folder}/${name}`),
)

export function fixtureText(name: string): string {
  return readFileSync(join(import.meta.dirname, name), 'utf8')
}

/** Reads a fixture; files are named relative to this folder. */
export function readFixture(name: string): ConfigResult {
  return readText(fixtureText(name), env, name)
}

/** Reads a text as if it were a file of this folder. */
export function readText(
  text: string,
  environment: Readonly<Record<string, string>> = env,
  path = 'config.yaml',
): ConfigResult {
  const readFile = (file: string): ReturnType<typeof readTextFile> => readTextFile(join(import.meta.dirname, file))
  return readConfig({ path, text, env: environment, readFile, findProvider, providerIds })
}

/** The configuration that a text gives; throws with the findings when there is none. */
export function configOf(text: string, environment?: Readonly<Record<string, string>>): GatewayConfig {
  const result = readText(text, environment)
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics, null, 2))
  return result.config
}

/** A configuration as plain JSON: maps as objects, secrets by `show`, and without its warnings. */
export function plainConfig(config: GatewayConfig, show: (secret: Secret) => string): unknown {
  const { warnings: _, ...rest } = config
  return plain(rest, show)
}

function plain(value: unknown, show: (secret: Secret) => string): unknown {
  if (value instanceof Secret) return show(value)
  if (value instanceof Map) return plain(Object.fromEntries(value), show)
  if (Array.isArray(value)) return value.map((item) => plain(item, show))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner, show)]))
}
