import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { OpenAI } from 'openai'
import { startChild } from '../lib/child.ts'
import { checks } from './checks.ts'
import { type Runner, findRunners } from './runners.ts'

/** Spillway as built, in front of every real runner of this machine, asked by the official client. */
const CLI = resolve(import.meta.dirname, '../../dist/gateway/cli.js')
const KEY = 'sk-runner-0123456789abcdef0123456789abcdef'
const say = (line: string): void => void process.stdout.write(`${line}\n`)

async function checkRunner(runner: Runner): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-runner-'))
  const config = join(folder, 'spillway.yaml')
  await writeFile(config, configText(runner))
  const command = [process.execPath, CLI, 'serve', '--config', config, '--port', '0', '--data-dir', folder]
  const gateway = await startChild(command, /Spillway listening on (\S+)/, { env: { RUNNER_TEST_KEY: KEY } })
  const client = new OpenAI({ baseURL: `${gateway.ready}/v1`, apiKey: KEY, maxRetries: 0 })
  let failures = 0
  try {
    for (const check of checks)
      failures += await runCheck(`${runner.name}: ${check.name}`, () => check.run(client, 'tiny'))
  } finally {
    await gateway.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return failures
}

async function runCheck(name: string, check: () => Promise<void>): Promise<number> {
  try {
    await check()
    say(`passed   ${name}`)
    return 0
  } catch (error) {
    say(`FAILED   ${name}: ${error instanceof Error ? error.message : String(error)}`)
    return 1
  }
}

function configText({ kind, baseUrl, model }: Runner): string {
  return `discovery: false
keys: { test: os.environ/RUNNER_TEST_KEY }
providers:
  runner: { kind: ${kind}, base_url: '${baseUrl}' }
models:
  tiny: runner/${model}
`
}

const { found, missing } = await findRunners()
let failures = 0
for (const runner of found) {
  try {
    failures += await checkRunner(runner)
  } finally {
    await runner.stop()
  }
}
for (const sentence of missing) say(`skipped  ${sentence}`)
if (found.length === 0) say('skipped: no model runner is on this machine; nothing was tested.')
process.exitCode = failures === 0 ? 0 : 1
