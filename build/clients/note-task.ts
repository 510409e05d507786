import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JsonObject } from '../../gateway/contract/json.ts'
import type { UpstreamModel } from '../../gateway/test/loops/gateway-text.ts'
import { signaturesIn } from '../../gateway/test/loops/signatures-in.ts'
import type { Brain, Heard, SaidCall, Thought } from '../../gateway/test/loops/upstream-wire.ts'
import { runQuietly } from '../lib/spawn.mjs'
import type { ClientCase, WriteCommand, World } from './client-program.ts'
import { cleanEnvironment } from './clean-environment.ts'

/**
 * The task of every program: read a note with its own shell, copy it with the same, and say what it says. The scripted
 * model asks for the two commands; what the note says is nowhere but in the result of the first.
 */
const TASK = 'Read note.txt, copy it to copy.txt, and tell me what it says.'
const COMMANDS = ['cat note.txt', 'cp note.txt copy.txt']
const TIME_LIMIT_MS = 120_000
const TAIL_CHARS = 800

/** The shells of the programs, by the name of the tool, and how each is told a command. */
const SHELLS: Readonly<Record<string, (command: string) => JsonObject>> = {
  exec_command: (cmd) => ({ cmd }),
  shell: (command) => ({ command: ['bash', '-lc', command] }),
  shell_command: (command) => ({ command }),
  run_shell_command: (command) => ({ command, description: 'Works on the note', is_background: false }),
  Bash: (command) => ({ command, description: 'Works on the note' }),
  bash: (command) => ({ command, description: 'Works on the note' }),
}

/** Whose models sign their thoughts. */
const SIGNING: ReadonlySet<string> = new Set(['anthropic', 'bedrock', 'gemini'])

/** A case: this program, told by `write` to use this model, does the task. */
export function noteCase(name: string, model: UpstreamModel, write: WriteCommand): ClientCase {
  return { name, run: (world) => runTask(world, model, write) }
}

async function runTask(world: World, model: UpstreamModel, write: WriteCommand): Promise<string> {
  const note = `the tide turns at ${randomUUID()}`
  await writeFile(join(world.work, 'note.txt'), `${note}\n`)
  const { upstream } = world
  upstream.heard.splice(0)
  upstream.brain = noteBrain
  const { command, args, env } = await write(world, model, TASK)
  const { code, output } = await runQuietly(command, args, {
    cwd: world.work,
    env: { ...cleanEnvironment(world), ...env },
    limitMs: TIME_LIMIT_MS,
  })
  const said = output.trim().slice(-TAIL_CHARS)
  const expect = (holds: boolean, otherwise: string): void => {
    if (!holds) throw new Error(`${otherwise}. It said:\n${said}`)
  }
  expect(code === 0, `It ended with ${code}`)
  expect(output.includes(note), 'It did not say what the note says')
  const copy = await readFile(join(world.work, 'copy.txt'), 'utf8').catch(() => '')
  expect(copy.includes(note), 'It did not copy the note')
  const turns = upstream.heard.filter(({ tools }) => tools.length > 0)
  expect(turns.length === COMMANDS.length + 1, `The model was asked ${turns.length} times`)
  expect(turns.at(-1)?.results[0]?.includes(note) === true, 'The model did not see the result of the first call')
  expect(sawItsThoughts(turns), 'The model did not get its signatures back')
  return output.split('\n').findLast((line) => line.includes(note)) ?? ''
}

/** Thinks, then calls; titles and summaries are asked for without tools. */
const noteBrain: Brain = ({ wire, tools, results }) => {
  if (tools.length === 0) return { text: 'A note' }
  const command = COMMANDS[results.length]
  if (command === undefined) return { text: `Done. ${results[0] ?? ''}` }
  return { thoughts: [thoughtOf(results.length, wire)], calls: [callOf(results.length, tools, command)] }
}

function thoughtOf(turn: number, wire: string): Thought {
  const text = `Turn ${turn}: the shell can do that.`
  return SIGNING.has(wire) ? { text, signature: signatureOf(turn) } : { text }
}

function callOf(turn: number, tools: readonly string[], command: string): SaidCall {
  const name = tools.find((tool) => Object.hasOwn(SHELLS, tool))
  if (name === undefined) throw new Error(`No shell is among the tools: ${tools.join(', ')}`)
  return { id: `call_note_${turn}`, name, input: SHELLS[name]?.(command) ?? {}, signature: signatureOf(turn) }
}

function signatureOf(turn: number): string {
  return Buffer.from(`signature of turn ${turn} ÿ?>`, 'latin1').toString('base64')
}

function sawItsThoughts(turns: readonly Heard[]): boolean {
  const last = turns.at(-1)
  if (last === undefined || !SIGNING.has(last.wire)) return true
  const found = signaturesIn(last.body)
  return COMMANDS.every((_command, turn) => found.includes(signatureOf(turn)))
}
