import { createFakeClock } from '../../kit/fake-clock.ts'
import type { FakeClock } from '../../kit/fake-clock.ts'
import type { CommandIo } from '../command.ts'

export interface RecordedIo extends CommandIo {
  readonly clock: FakeClock
  readonly outLines: string[]
  readonly errorLines: string[]
}

/** A terminal that keeps what was written to it. */
export function recordedIo(env: CommandIo['env'] = {}): RecordedIo {
  const outLines: string[] = []
  const errorLines: string[] = []
  return {
    env,
    clock: createFakeClock(),
    outLines,
    errorLines,
    out: (line) => void outLines.push(line),
    error: (line) => void errorLines.push(line),
  }
}
