import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFakeClock } from '../kit/fake-clock.ts'
import { check } from './check.ts'
import type { Command } from './command.ts'
import { importConfig } from './import.ts'

const LITELLM = `model_list:
  - model_name: gpt-4o
    litellm_params: {model: openai/gpt-4o, api_key: sk-literal-key}
litellm_settings: {cache: true}
`
let folder = ''
let path = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-check-'))
  path = join(folder, 'config.yaml')
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('spillway check', () => {
  it('shows what would be served, and what was found on the way', async () => {
    writeFileSync(path, LITELLM)
    const { code, out, error } = await run(check, path)
    expect(code).toBe(0)
    expect(out).toContain('openai/gpt-4o: openai at https://api.openai.com/v1 (cloud)')
    expect(error).toContain(`${path}:4:20: warning: "cache" under litellm_settings has no effect`)
    expect(`${out}${error}`).not.toContain('sk-literal-key')
  })

  it('refuses a broken file with 2, pointing at the mistake', async () => {
    writeFileSync(path, 'models:\n  a: openia/gpt-4o\n')
    const { code, out, error } = await run(check, path)
    expect([code, out]).toEqual([2, ''])
    expect(error).toContain(
      `${path}:2:6: error: There is no provider "openia". [unknown-provider]\n    Did you mean "openai"?`,
    )
  })

  it('gives scripts the same as JSON, without keys', async () => {
    writeFileSync(path, LITELLM)
    const { code, out } = await run(check, path, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      diagnostics: expect.arrayContaining([expect.objectContaining({ code: 'unsupported-key', line: 4 })]),
      routes: [{ name: 'gpt-4o', targets: [{ id: 'openai/gpt-4o', hasKey: true }] }],
    })
    expect(out).not.toContain('sk-literal-key')
  })

  it('says so when there is no file', async () => {
    expect(await run(check, path)).toMatchObject({ code: 2, error: expect.stringContaining('does not exist') })
  })

  it('prints the reference of all keys', async () => {
    expect((await run(check, '--reference')).out).toContain('| `base_url` |')
  })

  it.each([[[]], [['a', 'b']], [['a', '--what']], [['--json']]])('%j is bad usage', async (args) => {
    expect(await run(check, ...args)).toMatchObject({ code: 2, out: '', error: expect.stringContaining('Usage') })
  })
})

describe('spillway import', () => {
  it('prints a file that check accepts, and names the variables to set', async () => {
    writeFileSync(path, LITELLM)
    const { code, out, error } = await run(importConfig, path)
    expect(code).toBe(0)
    expect(`${out}${error}`).not.toContain('sk-literal-key')
    expect(error).toContain('Set SPILLWAY_PROVIDERS_OPENAI_KEY before starting Spillway.')
    writeFileSync(path, out)
    expect(await run(check, path)).toMatchObject({ code: 0, out: expect.stringContaining('openai/gpt-4o') })
  })

  it('refuses a file that is in this format already', async () => {
    writeFileSync(path, 'models:\n  a: openai/gpt-4o\n')
    const { code, out, error } = await run(importConfig, path)
    expect([code, out]).toEqual([2, ''])
    expect(error).toContain(`serve it with --config ${path}`)
  })

  it('refuses what cannot be read, and bad usage, with 2', async () => {
    writeFileSync(path, 'model_list: [')
    expect(await run(importConfig, path)).toMatchObject({ code: 2, out: '' })
    expect(await run(importConfig)).toMatchObject({ code: 2, error: expect.stringContaining('Usage') })
  })
})

async function run(command: Command, ...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const out: string[] = []
  const error: string[] = []
  const io = { out: (line: string) => void out.push(line), error: (line: string) => void error.push(line) }
  const code = await command(args, { ...io, env: {}, clock: createFakeClock() })
  return { code, out: out.join('\n'), error: error.join('\n') }
}
