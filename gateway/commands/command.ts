import type { Clock } from '../contract/clock.ts'

/** What a subcommand may touch: tests pass arrays, the command line passes the terminal. */
export interface CommandIo {
  out(line: string): void
  error(line: string): void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
}

/** Gives the exit code: 0 done, 1 failed, 2 bad usage or bad configuration. */
export type Command = (args: readonly string[], io: CommandIo) => Promise<number>
