import { createServer } from 'node:http'
import { createForward } from './bare-forward.ts'

/** Contestant: node:http and undici, nothing else. */
const server = createServer(createForward(process.argv[2] ?? ''))
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`ready on ${typeof address === 'object' ? address?.port : ''}\n`)
})
process.on('disconnect', () => process.exit(0))
