import { duplexPair, type Duplex } from 'node:stream'

/** A connection inside this process: what one end writes, the other one reads, and no faster than it reads. */
export interface LinkedPair {
  readonly client: Duplex
  readonly server: Duplex
}

/**
 * Both ends of a connection that exists only in memory. Node's pair hands over bytes and their end; that an end is
 * gone is said here (newer releases do a part of it), as the system says it of a socket: else a client that left would
 * be served for ever.
 */
export function linkedPair(): LinkedPair {
  const [client, server] = duplexPair()
  client.once('close', () => server.destroy())
  server.once('close', () => {
    // An end that was finished has been read; without one the client would wait for it.
    if (!server.writableFinished) client.destroy(new Error('The connection was cut.'))
  })
  return { client, server }
}
