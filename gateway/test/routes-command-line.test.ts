import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const CLI = resolve(import.meta.dirname, '../cli.ts')

/** The command line as somebody meets it who does not know it yet. */
describe('the command line', () => {
  it.each([
    [[], 0, /^Spillway \d[\s\S]*serve[\s\S]*doctor/, ''],
    [['--help'], 0, /Usage: spillway COMMAND/, ''],
    [['serve', '--help'], 0, /^Usage: spillway serve \[--config FILE\]/, ''],
    [['logs', '-h'], 0, /^Usage: spillway logs[\s\S]*--target ID/, ''],
    [['help', 'keys'], 0, /^Usage: spillway keys create NAME\n\s+spillway keys list/, ''],
    [['--version'], 0, /^\d+\.\d+\.\d+$/, ''],
    [['serv'], 2, /^$/, 'Did you mean "serve"?'],
    [['frobnicate'], 2, /^$/, 'Usage: spillway COMMAND'],
    [['logs', '--data-dir'], 2, /^$/, '--data-dir needs a folder'],
  ])('spillway %j', async (args, exitCode, out, error) => {
    const told = await run(args)
    expect(told.exitCode).toBe(exitCode)
    expect(told.out.trim()).toMatch(out)
    expect(told.error).toContain(error)
  })
})

async function run(args: readonly string[]): Promise<{ exitCode: number | null; out: string; error: string }> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let error = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()))
  const exitCode = await new Promise<number | null>((done) => child.once('close', done))
  return { exitCode, out, error }
}
