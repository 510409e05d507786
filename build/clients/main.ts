import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gatewayText } from '../../gateway/test/loops/gateway-text.ts'
import { startModelServer } from '../../gateway/test/loops/model-server.ts'
import { startChild } from '../lib/child.ts'
import { claude } from './claude.ts'
import type { ClientCase, ClientProgram, World } from './client-program.ts'
import { codex } from './codex.ts'
import { continueCli } from './continue.ts'
import { installPackages } from './install.ts'
import { opencode } from './opencode.ts'
import { qwen } from './qwen.ts'
import { sdks } from './sdks.ts'

/** Real client programs, installed from the registry, against Spillway as built, with a scripted upstream behind it. */
const CLI = resolve(import.meta.dirname, '../../dist/gateway/cli.js')
const KEY = 'sk-clients-0123456789abcdef0123456789abcdef'
const PROGRAMS: readonly ClientProgram[] = [codex, claude, opencode, continueCli, qwen, ...sdks]

interface Line {
  readonly program: string
  readonly task: string
  readonly passed: boolean
  readonly said: string
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

async function runProgram(program: ClientProgram, folder: string, world: GatewayWorld): Promise<Line[]> {
  const packages = join(folder, program.name)
  const failed = (task: string, error: unknown): Line => {
    const said = error instanceof Error ? error.message : String(error)
    return { program: program.name, task, passed: false, said }
  }
  let cases: readonly ClientCase[]
  try {
    if (program.packages.length > 0) await installPackages(packages, program.packages)
    cases = await program.cases(packages)
  } catch (error) {
    return [failed('install', error)]
  }
  const lines: Line[] = []
  for (const [index, { name, run }] of cases.entries()) {
    const [home, work] = [join(packages, `home-${index}`), join(packages, `work-${index}`)]
    await Promise.all([home, work].map((path) => mkdir(path, { recursive: true })))
    const line = await run({ ...world, packages, home, work }).then(
      (said): Line => ({ program: program.name, task: name, passed: true, said }),
      (error: unknown) => failed(name, error),
    )
    lines.push(line)
    say(`${line.passed ? 'passed' : 'FAILED'}   ${program.name}: ${name}`)
  }
  return lines
}

type GatewayWorld = Pick<World, 'upstream' | 'gatewayUrl' | 'key'>

async function runAll(programs: readonly ClientProgram[], folder: string): Promise<readonly Line[]> {
  const upstream = await startModelServer(() => ({}))
  const config = join(folder, 'spillway.yaml')
  await writeFile(config, gatewayText(upstream.url))
  const command = [process.execPath, CLI, 'serve', '--config', config, '--port', '0', '--data-dir', folder]
  const env = { SPILLWAY_KEY: KEY, HOME: folder }
  const gateway = await startChild(command, /Spillway listening on (\S+)/, { env })
  const lines: Line[] = []
  try {
    const world = { upstream, gatewayUrl: gateway.ready, key: KEY }
    for (const program of programs) lines.push(...(await runProgram(program, folder, world)))
  } finally {
    await gateway.stop()
    await upstream.close()
  }
  return lines
}

function table(lines: readonly Line[]): string {
  const rows = lines.map(({ program, task, passed, said }) => {
    const [first = ''] = said.split('\n')
    return [program, task, passed ? 'passed' : 'FAILED', first.slice(0, 90)]
  })
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !PROGRAMS.some((program) => program.name === name))
if (unknown.length > 0) {
  say(`There is no program ${unknown.join(', ')}: ${PROGRAMS.map(({ name }) => name).join(', ')}.`)
  process.exitCode = 1
} else {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-clients-'))
  try {
    const lines = await runAll(
      asked.length === 0 ? PROGRAMS : PROGRAMS.filter(({ name }) => asked.includes(name)),
      folder,
    )
    const failed = lines.filter(({ passed }) => !passed)
    for (const { program, task, said } of failed) say(`\n${program}: ${task}\n${said}`)
    say(`\n${table(lines)}`)
    say(failed.length === 0 ? `\nAll ${lines.length} passed.` : `\n${failed.length} of ${lines.length} failed.`)
    process.exitCode = failed.length === 0 ? 0 : 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
