const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]', '0.0.0.0'])

/**
 * What makes two base URLs the same server: host and port, where every name of this machine is one host.
 * The path does not count (`http://localhost:11434` and `http://127.0.0.1:11434/v1` are one Ollama).
 */
export function originOf(baseUrl: string): string {
  const url = URL.parse(baseUrl)
  if (url === null) return baseUrl
  const host = LOOPBACK.has(url.hostname) ? 'loopback' : url.hostname
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  return `${host}:${port}`
}
