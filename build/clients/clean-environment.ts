import type { World } from './client-program.ts'
import { pathWithNode } from './install.ts'

/**
 * All that a program is told of this machine. Nothing but the gateway is to be reached: whatever else it would ask for goes to
 * a proxy that is not there, so that a program which needs its maker's servers, and honours a proxy, says so.
 */
export function cleanEnvironment({ home }: World): Record<string, string> {
  return {
    PATH: pathWithNode(),
    HOME: home,
    TERM: 'dumb',
    CI: '1',
    HTTPS_PROXY: DEAD_PROXY,
    https_proxy: DEAD_PROXY,
    NO_PROXY: '127.0.0.1,localhost',
  }
}

/** Port 9 is "discard", which nobody serves any more. */
const DEAD_PROXY = 'http://127.0.0.1:9'
