import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { linkedPair } from './linked-pair.ts'

it('hands over what is written, and its end', async () => {
  const { client, server } = linkedPair()
  server.end('from the server')
  expect(await text(client)).toBe('from the server')
  client.end('from the client')
  expect(await text(server)).toBe('from the client')
})

it('tells the server that the client is gone', async () => {
  const { client, server } = linkedPair()
  client.destroy()
  await once(server, 'close')
  expect(server.writable).toBe(false)
})

it('tells the client that the server cut it off, even while it reads nothing', async () => {
  const { client, server } = linkedPair()
  server.write('half of it')
  const failed = once(client, 'error')
  server.destroy()
  expect(await failed).toMatchObject([{ message: 'The connection was cut.' }])
})

it('leaves the client what was handed over before a proper end', async () => {
  const { client, server } = linkedPair()
  const read = text(client)
  server.end('all of it')
  await once(server, 'finish')
  server.destroy()
  expect(await read).toBe('all of it')
})
