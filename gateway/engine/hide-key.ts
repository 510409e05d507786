import type { Failure } from '../contract/failure.ts'
import type { Target } from '../contract/route.ts'

/**
 * A failure without the key and the other secrets that the target was sent. Patterns find keys with a known beginning;
 * an upstream that repeats one that looks like any word is only caught by comparing.
 */
export function hideKey(failure: Failure, { key, secrets = {} }: Target): Failure {
  const known = [...(key === undefined ? [] : [key]), ...Object.values(secrets)]
  if (known.length === 0) return failure
  const hide = (text: string): string => known.reduce((hidden, secret) => secret.hideIn(hidden), text)
  const { code, type, param } = failure
  return {
    ...failure,
    message: hide(failure.message),
    ...(code !== undefined && { code: hide(code) }),
    ...(type !== undefined && { type: hide(type) }),
    ...(param !== undefined && { param: hide(param) }),
  }
}
