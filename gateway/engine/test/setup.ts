import { afterEach } from 'vitest'
import type { Clock } from '../../contract/clock.ts'
import type { EngineDeps } from '../deps.ts'
import { startMockUpstream, type MockUpstream, type Script } from './mock-upstream.ts'
import { testEngine, type TestEngine } from './test-engine.ts'

const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const item of open.splice(0)) await item.close()
})

/** An upstream that is closed after the test. */
export async function upstreamThat(script: Script): Promise<MockUpstream> {
  const upstream = await startMockUpstream(script)
  open.push(upstream)
  return upstream
}

/** An engine that is closed after the test. */
export function engineFor(clock?: Clock, overrides?: Partial<EngineDeps>): TestEngine {
  const tested = testEngine(clock, overrides)
  open.push(tested.engine)
  return tested
}

/** Lets sockets do what is due, without waiting for any time. */
export function settle(turns = 20): Promise<void> {
  return new Promise((resolve) => {
    const turn = (left: number): void => {
      if (left === 0) resolve()
      else setImmediate(() => turn(left - 1))
    }
    turn(turns)
  })
}

/** Waits until a condition holds that sockets will bring about. */
export async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn++) {
    if (turn > 50_000) throw new Error('It never came about.')
    await new Promise((resolve) => setImmediate(resolve))
  }
}
