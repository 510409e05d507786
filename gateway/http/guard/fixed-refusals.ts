import type { Refusal } from './refusal.ts'

/** The methods of the whole server, where a request names no path. */
export const ALL_METHODS = 'GET, HEAD, POST, OPTIONS'

/** While running answers end, new requests are told to come again. */
export const shuttingDown: Refusal = {
  rule: 'draining',
  status: 503,
  code: 'shutting_down',
  message: 'Spillway is shutting down. Try again in a moment.',
  headers: { 'retry-after': '1' },
  close: true,
}

/** RFC 9110 section 10.1.1 knows one expectation. */
export const badExpectation: Refusal = {
  rule: 'expectation',
  status: 417,
  code: 'expectation_failed',
  message: 'The only Expect that is met here is "100-continue".',
  close: true,
}

/** Every `Upgrade`, on every path: a page could open a WebSocket to us without asking. */
export const noUpgrade: Refusal = {
  rule: 'upgrade',
  status: 426,
  code: 'upgrade_not_supported',
  message:
    'Spillway speaks HTTP/1.1 without upgrades: no WebSocket, no h2c. In the client, choose HTTP/1.1 ' +
    '(in Java: HttpClient.Version.HTTP_1_1).',
  headers: { upgrade: 'HTTP/1.1' },
  close: true,
}

/** CONNECT would make us a proxy into whatever this machine can reach. */
export const noTunnel: Refusal = {
  rule: 'method',
  status: 405,
  code: 'method_not_allowed',
  message: 'Spillway is no forward proxy: use it as the base URL of a client, not as HTTP_PROXY.',
  headers: { allow: ALL_METHODS },
  close: true,
}

/** The backstop behind the rule for unknown routes: what nobody routes is not served. */
export const notRouted: Refusal = {
  rule: 'route',
  status: 404,
  code: 'not_routed',
  message: 'Nothing is served here.',
}
