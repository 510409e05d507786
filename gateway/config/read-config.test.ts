import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { env, fixtureNames, fixtureText, plainConfig, readFixture, readText, secrets } from './__fixtures__/fixtures.ts'
import { findProvider } from './__fixtures__/providers.ts'
import { formatDiagnostic } from './format-diagnostic.ts'
import { type ConfigResult, defaultConfig, readConfig, readKeptConfig } from './read-config.ts'
import { writeNative } from './write-native.ts'

const SHA256 = /"sha256": "[0-9a-f]{64}"/g

describe('fixtures', () => {
  it('has enough of them to mean something', () => {
    expect(fixtureNames.filter((name) => name.startsWith('litellm/')).length).toBeGreaterThanOrEqual(12)
  })

  it.each(fixtureNames)('%s reads as it always did', async (name) => {
    const text = `${golden(readFixture(name))}\n`
    await expect(text).toMatchFileSnapshot(`__fixtures__/golden/${name.replace('/', '-').replace('.yaml', '.txt')}`)
  })

  it.each(fixtureNames)('%s shows no secret in what is said about it', (name) => {
    const said = JSON.stringify(diagnosticsOf(readFixture(name)))
    expect(secrets.filter((secret) => said.includes(secret))).toEqual([])
  })

  it.each(fixtureNames)('%s means the same after being written as spillway.yaml', (name) => {
    const result = readFixture(name)
    if (!result.ok) return expect(result.diagnostics.some(({ severity }) => severity === 'error')).toBe(true)
    expectSameAfterWriting(result)
  })
})

describe('a configuration that changes at random', () => {
  const tokens = ['\t', ': ', '- ', '{', '}', '[', ']', '"', '*a', '&a ', '<<: *a', '\n', 'null', '-1', 'os.environ/X']
  const more = ['model_name', 'litellm_params', 'targets', '${', '!x ', '#', '\u0000', '\ufeff', '💧', '1e999', 'true']
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat(12),
    put: fc.constantFrom('', ...tokens, ...more),
  })
  const mutated = fc
    .tuple(fc.constantFrom(...fixtureNames), fc.array(edit, { minLength: 1, maxLength: 6 }))
    .map(([name, edits]) => edits.reduce(applyEdit, fixtureText(name)))

  it('never throws, never shows a key, and gives a configuration or an error', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const result = readText(text)
        if (!result.ok) expect(result.diagnostics.some(({ severity }) => severity === 'error')).toBe(true)
        else expect(result.config.warnings.every(({ severity }) => severity === 'warning')).toBe(true)
        const said = JSON.stringify(diagnosticsOf(result))
        expect(Object.values(env).filter((value) => /^g?sk-/.test(value) && said.includes(value))).toEqual([])
        for (const { line, column } of diagnosticsOf(result)) expect(Math.min(line, column)).toBeGreaterThan(0)
      }),
      { numRuns: 600 },
    )
  })

  it('means the same after being written as spillway.yaml', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const result = readText(text)
        if (result.ok) expectSameAfterWriting(result)
      }),
      { numRuns: 300 },
    )
  })
})

describe('the file itself', () => {
  const read = (file: ReturnType<Parameters<typeof readConfig>[0]['readFile']>): ConfigResult =>
    readConfig({ path: '/etc/spillway.yaml', env, readFile: () => file, findProvider })

  it.each([
    ['missing', 'does not exist'],
    ['directory', 'directory'],
    ['forbidden', 'may not be read'],
    ['too-large', '10 MiB'],
    ['not-text', 'UTF-8'],
  ] as const)('%s: says so, and names the file to watch', (problem, words) => {
    const result = read({ problem })
    expect(result).toMatchObject({ ok: false, files: ['/etc/spillway.yaml'] })
    expect(diagnosticsOf(result)[0]).toMatchObject({ code: 'unreadable-file', file: '/etc/spillway.yaml' })
    expect(diagnosticsOf(result)[0]?.message).toContain(words)
  })

  it('refuses a text beyond the limit, however it was read', () => {
    expect(diagnosticsOf(read({ text: '#'.repeat(10 * 1024 * 1024 + 1) }))[0]?.message).toContain('10 MiB')
  })

  it.each(['', '\n\n', '# only a comment\n', '---\n', '\ufeff'])('%j states nothing, which is an error', (text) => {
    expect(diagnosticsOf(read({ text }))[0]).toMatchObject({ severity: 'error', code: 'empty-file' })
  })

  it('takes a byte order mark and Windows line ends', () => {
    expect(read({ text: '\ufeffmode: local-only\r\ndiscovery: false\r\n' })).toMatchObject({
      ok: true,
      config: { mode: 'local-only', discovery: false },
    })
  })

  it('is LiteLLM’s by its keys, and native otherwise', () => {
    expect(read({ text: 'general_settings: {}' })).toMatchObject({ format: 'litellm' })
    expect(read({ text: 'models: {a: ollama/a}' })).toMatchObject({ format: 'native' })
    expect(diagnosticsOf(read({ text: 'models: {a: ollama/a}\nrouter_settings: {}' }))[0]).toMatchObject({
      code: 'unknown-key',
      line: 2,
    })
  })
})

describe('the copy that is kept', () => {
  it('gives the same configuration without the files, with their includes', () => {
    const result = readFixture('litellm/includes.yaml')
    if (!result.ok) throw new Error('the fixture is good')
    const kept = readKeptConfig(result.source, { path: 'litellm/includes.yaml', env, findProvider })
    expect(kept.ok && revealed(kept)).toEqual(revealed(result))
  })

  it.each(['', 'null', '[1]', '{"x": 1}', 'not json'])('%j is no copy', (source) => {
    expect(readKeptConfig(source, { path: 'x.yaml', env, findProvider }).ok).toBe(false)
  })
})

describe('defaultConfig', () => {
  it('serves what is found, asks for a key, and sends nothing anywhere by itself', () => {
    expect(defaultConfig()).toMatchObject({
      mode: 'local-first',
      discovery: true,
      routes: [],
      endpoints: [],
      server: { port: 4000, auth: 'key', staticKeys: [], extraHosts: [], origins: [] },
      warnings: [],
    })
  })
})

function golden(result: ConfigResult): string {
  const findings = diagnosticsOf(result).map(formatDiagnostic)
  const config = result.ok
    ? JSON.stringify(
        plainConfig(result.config, () => '[secret]'),
        null,
        2,
      )
    : 'no configuration'
  return [...findings, config.replaceAll(SHA256, '"sha256": "[sha256]"')].join('\n')
}

function diagnosticsOf(result: ConfigResult): Extract<ConfigResult, { ok: false }>['diagnostics'] {
  return result.ok ? result.config.warnings : result.diagnostics
}

function revealed(result: Extract<ConfigResult, { ok: true }>): unknown {
  return plainConfig(result.config, (secret) => secret.reveal())
}

/** Reads what was written, in the environment that the text asks for. */
function expectSameAfterWriting(result: Extract<ConfigResult, { ok: true }>): void {
  const { text, moved } = writeNative(result.draft, {
    from: 'x',
    warnings: result.config.warnings,
    exports: result.exports,
  })
  for (const [, secret] of moved) expect(text).not.toContain(secret.reveal())
  const asked = Object.fromEntries([...moved].map(([name, secret]) => [name, secret.reveal()]))
  const exported = Object.fromEntries([...result.exports].map(([name, secret]) => [name, secret.reveal()]))
  const again = readText(text, { ...env, ...exported, ...asked })
  if (!again.ok) throw new Error(`${JSON.stringify(again.diagnostics, null, 2)}\n${text}`)
  expect(again.format).toBe('native')
  expect(revealed(again)).toEqual(revealed(result))
}

function applyEdit(text: string, { at, cut, put }: { at: number; cut: number; put: string }): string {
  const start = Math.floor(at * text.length)
  return text.slice(0, start) + put + text.slice(start + cut)
}
