import { type ChildProcess, spawn } from 'node:child_process'

const STOP_MS = 5_000
/** What a program wrote last, for the line that says why it is left out. */
const TAIL_CHARS = 2_000

/** A program of the bench: started, found ready by a line that it prints, and ended. */
export interface Child {
  readonly process: ChildProcess
  readonly pid: number
  /** From the start of the process to the line. */
  readonly readyMs: number
  /** The first group of the ready line. */
  readonly ready: string
  stop(): Promise<void>
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly limitMs?: number
}

/** Starts a program and waits for a line on stdout or stderr that matches; rejects with its last words. */
export function startChild(
  command: readonly string[],
  ready: RegExp,
  { env = {}, cwd, limitMs = 20_000 }: ChildOptions = {},
): Promise<Child> {
  const [program = '', ...args] = command
  const startedAt = performance.now()
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
  let output = ''
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill('SIGKILL')
      reject(new Error(`${why}\n${output.trim()}`))
    }
    const timer = setTimeout(() => fail(`not ready within ${limitMs / 1_000} s`), limitMs)
    const read = (bytes: Buffer): void => {
      output = (output + bytes.toString('utf8')).slice(-TAIL_CHARS)
      const match = ready.exec(output)
      if (match === null || child.pid === undefined) return
      clearTimeout(timer)
      const readyMs = performance.now() - startedAt
      resolve({ process: child, pid: child.pid, readyMs, ready: match[1] ?? '', stop: () => stop(child) })
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('error', (error) => fail(error.message))
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`ended with ${code} before it was ready\n${output.trim()}`))
    })
  })
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill('SIGTERM')
  })
}
