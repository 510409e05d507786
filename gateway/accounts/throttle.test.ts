import { expect, it } from 'vitest'
import { createFakeClock } from '../kit/fake-clock.ts'
import { createBadKeyThrottle } from './throttle.ts'

it('lets so many bad keys be answered in a minute, then says how long to wait', async () => {
  const clock = createFakeClock()
  const throttle = createBadKeyThrottle(clock, 2)
  expect(throttle.countBadKey()).toBeUndefined()
  await clock.advance(20_000)
  expect(throttle.countBadKey()).toBeUndefined()
  expect(throttle.countBadKey()).toBe(40_000)
  await clock.advance(40_000)
  expect(throttle.countBadKey()).toBeUndefined()
  expect(throttle.countBadKey()).toBe(20_000)
})

it('does not punish those who keep trying beyond the minute', async () => {
  const clock = createFakeClock()
  const throttle = createBadKeyThrottle(clock, 1)
  throttle.countBadKey()
  for (let leftS = 60; leftS > 0; leftS--) {
    expect(throttle.countBadKey()).toBe(leftS * 1_000)
    await clock.advance(1_000)
  }
  expect(throttle.countBadKey()).toBeUndefined()
})
