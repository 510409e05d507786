import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../kit/fake-clock.ts'
import { createDirectory } from '../routing/directory.ts'
import { findProvider, makeConfig, makeFacts, makeRoute } from '../routing/test/world.ts'
import { createExplainCommand, type ExplainDeps } from './explain.ts'

const config = makeConfig({
  mode: 'local-only',
  routes: [makeRoute('coder', ['ollama/qwen', 'openai/gpt']), makeRoute('far', ['openai/gpt'])],
})

const deps: ExplainDeps = {
  prepare: (path) =>
    Promise.resolve(
      path === 'broken.yaml'
        ? ['broken.yaml:3:1 unknown key']
        : { config, directory: createDirectory(config, [], findProvider) },
    ),
  inspect: ({ model }) => {
    if (typeof model !== 'string') return { kind: 'invalid-request', message: 'model is missing.' }
    return makeFacts(model)
  },
  readText: (path) =>
    path === 'request.json' ? Promise.resolve('{"model":"coder"}') : Promise.reject(new Error('none')),
}

async function run(...args: readonly string[]): Promise<{ code: number; out: string; error: string }> {
  const [out, error]: [string[], string[]] = [[], []]
  const io = {
    out: (line: string) => void out.push(line),
    error: (line: string) => void error.push(line),
    env: {},
    clock: createFakeClock(),
  }
  const code = await createExplainCommand(deps)(args, io)
  return { code, out: out.join('\n'), error: error.join('\n') }
}

describe('spillway explain', () => {
  it('says what would be tried, why, and why not the rest', async () => {
    const { code, out } = await run('coder')
    expect(code).toBe(0)
    expect(out).toContain('-> route coder')
    expect(out).toContain('reason: only-target (the route has one target, or only one may serve this request)')
    expect(out).toContain('1. ollama/qwen  [device, ollama, tier 1]')
    expect(out).toContain('- openai/gpt (mode): the mode is local-only and this runs in the cloud')
  })

  it('reads a request from a file, and prints JSON', async () => {
    const { code, out } = await run('--json', '--config', 'a.yaml', 'request.json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ route: 'coder', attempts: [{ target: 'ollama/qwen', locality: 'device' }] })
  })

  it.each([
    ['a request that would be refused', ['far'], 1, 'out', 'refused with 403 no-target'],
    ['a name that nothing has', ['codr'], 1, 'out', "Did you mean 'coder'?"],
    ['no model', [], 2, 'error', 'Usage: spillway explain'],
    ['two models', ['a', 'b'], 2, 'error', 'Usage: spillway explain'],
    ['an unknown option', ['--loud', 'a'], 2, 'error', 'Usage: spillway explain'],
    ['an option without its value', ['coder', '--config'], 2, 'error', 'Usage: spillway explain'],
    ['a file that cannot be read', ['gone.json'], 2, 'error', 'gone.json cannot be read as a request: none'],
    ['a configuration that is wrong', ['--config', 'broken.yaml', 'coder'], 2, 'error', 'broken.yaml:3:1 unknown key'],
  ] as const)('answers %s', async (...row) => {
    const [, args, code, stream, text] = row
    const result = await run(...args)
    expect(result.code).toBe(code)
    expect(result[stream]).toContain(text)
  })
})
