import type { Failure } from '../contract/failure.ts'

// Why a call ends before its time, whatever is under way.

/** Nobody is there any more to be told. */
export const CLIENT_GONE: Failure = {
  kind: 'client-gone',
  message: 'The client went away before the answer was complete.',
}

/** The connection is still there, but nothing is read from it. */
export const TOO_SLOW: Failure = {
  kind: 'client-gone',
  message: 'The client stopped reading, so the answer was given up.',
}

/** The request's own deadline, over all of its attempts. */
export const DEADLINE_PASSED: Failure = {
  kind: 'total-timeout',
  message: 'The answer was not complete by the deadline of this request. Raise the timeout, or ask for less.',
}

/** Of this process. */
export const SHUTTING_DOWN: Failure = {
  kind: 'shutting-down',
  status: 503,
  message: 'Spillway is shutting down. Try again in a moment.',
}

/** Of the app whose call it is. */
export const REVOKED: Failure = {
  kind: 'unauthorized',
  status: 401,
  message: 'This key was revoked while it was in use.',
}
