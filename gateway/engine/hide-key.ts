import type { Failure } from '../contract/failure.ts'
import type { Target } from '../contract/route.ts'

/**
 * A failure without the key that the target was sent. Patterns find keys with a known beginning; an upstream that
 * repeats one that looks like any word is only caught by comparing.
 */
export function hideKey(failure: Failure, { key }: Target): Failure {
  if (key === undefined) return failure
  const { code, type, param } = failure
  return {
    ...failure,
    message: key.hideIn(failure.message),
    ...(code !== undefined && { code: key.hideIn(code) }),
    ...(type !== undefined && { type: key.hideIn(type) }),
    ...(param !== undefined && { param: key.hideIn(param) }),
  }
}
