import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')

/** What the recipe in CONTRIBUTING.md asks for. */
const PROVIDER = `import type { Provider } from '../contract/provider.ts'
import { openaiCompatible } from './openai-compatible.ts'

/** Acme's models. */
export const acme: Provider = openaiCompatible({
  id: 'acme',
  label: 'Acme',
  baseUrl: 'https://api.acme.test/v1',
  keyEnv: ['ACME_API_KEY'],
})
`
const FIXTURES = { text: 'openai_like', tool: 'sglang', error: 'groq' }
const LINE = "export { acme } from './acme.ts'\n"

it('a provider is one file, one line and one folder of fixtures, and no test code', { timeout: 120_000 }, () => {
  expect(PROVIDER.split('\n').length).toBeLessThan(15)
  const root = mkdtempSync(join(tmpdir(), 'spillway-provider-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const folder of ['contract', 'kit', 'wire', 'providers', 'routing']) {
    cpSync(join(ROOT, 'gateway', folder), join(root, 'gateway', folder), { recursive: true })
  }
  cpSync(join(ROOT, 'gateway/test/plain-target.ts'), join(root, 'gateway/test/plain-target.ts'))
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'junction')
  const providers = join(root, 'gateway/providers')
  writeFileSync(join(providers, 'acme.ts'), PROVIDER)
  const list = join(providers, 'own-providers.ts')
  writeFileSync(list, readFileSync(list, 'utf8') + LINE)
  // What a maintainer would write from Acme's documentation, taken from providers that answer in the same way.
  for (const [name, from] of Object.entries(FIXTURES)) {
    cpSync(join(providers, '__fixtures__', from, name), join(providers, '__fixtures__/acme', name), { recursive: true })
  }

  const run = contractOver(root, providers)
  expect(run.failed).toEqual([])
  expect(run.passed.filter((title) => title.includes('acme')).length).toBeGreaterThan(12)

  // The fixtures are really held against it.
  rmSync(join(providers, '__fixtures__/acme/tool'), { recursive: true })
  expect(contractOver(root, providers).failed).toContain(
    'every provider with a file of its own has fixtures for text, a tool call and an error',
  )
})

/** Runs the contract test of all providers, and the one of their registry, in a copy of the product. */
function contractOver(root: string, folder: string): { passed: readonly string[]; failed: readonly string[] } {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const files = [join(folder, 'providers.test.ts'), join(folder, 'registry.test.ts')]
  const results = join(root, 'results.json')
  const args = [vitest, 'run', '--root', root, '--reporter=json', `--outputFile=${results}`, ...files]
  const { PATH, HOME, TMPDIR } = process.env
  const run = spawnSync(process.execPath, args, { encoding: 'utf8', env: { PATH, HOME, TMPDIR } })
  if (!existsSync(results)) throw new Error(`The copy could not be tested:\n${run.stdout}${run.stderr}`)
  const report: Report = JSON.parse(readFileSync(results, 'utf8'))
  const unread = report.testResults.find(({ assertionResults }) => assertionResults.length === 0)
  if (unread !== undefined) throw new Error(`The copy could not be read: ${unread.message}`)
  const tests = report.testResults.flatMap((file) => file.assertionResults)
  const titled = (status: string): string[] =>
    tests.filter((test) => test.status === status).map(({ fullName }) => fullName)
  return { passed: titled('passed'), failed: titled('failed') }
}

interface Report {
  readonly testResults: readonly {
    readonly message: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}
