import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from './store/test/samples.ts'

/** The command line as a process, from its sources: what only a process can get wrong. */
function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'cli.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SPILLWAY_KEY: 'sk-cli-test' },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function readyUrl(child: ChildProcess): Promise<string> {
  let output = ''
  for await (const chunk of child.stdout ?? []) {
    output += String(chunk)
    const url = /Spillway listening on (\S+)/.exec(output)?.[1]
    if (url !== undefined) return url
  }
  throw new Error(`it ended without serving: ${output}`)
}

it('goes on serving when nobody reads its notices any more', async () => {
  const dataDir = temporaryFolder()
  const config = join(dataDir, 'spillway.yaml')
  writeFileSync(config, 'discovery: false\n')
  const child = start('serve', '--port', '0', '--data-dir', dataDir)
  const url = await readyUrl(child)
  const headers = { authorization: 'Bearer sk-cli-test' }
  const listed = async (): Promise<string> => (await fetch(`${url}/v1/models`, { headers })).text()
  child.stderr?.destroy()
  await once(child.stderr ?? child, 'close')
  writeFileSync(config, 'modells: {}\n')
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  writeFileSync(config, 'discovery: false\naliases: { parrot: spillway/echo }\n')
  await expect.poll(listed, { timeout: 10_000 }).toContain('parrot')
})

it('writes everything into a pipe before it ends', async () => {
  const child = start('check', '--reference')
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')))
  const [code] = await once(child, 'close')
  expect([code, output.trimEnd().split('\n').at(-1)]).toEqual([0, expect.stringContaining('| `responses` |')])
})

it('says what runs it, because a shell would else take the installed command for a script of its own', () => {
  const source = readFileSync(join(import.meta.dirname, 'cli.ts'), 'utf8')
  expect(source.split('\n')[0]).toBe('#!/usr/bin/env node')
})
