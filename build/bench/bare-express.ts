import express from 'express'
import { createForward } from './bare-forward.ts'

/** Contestant: the same under express's routing; the yardstick of every ratio. */
const app = express()
app.disable('x-powered-by')
app.post('/v1/chat/completions', createForward(process.argv[2] ?? ''))
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`ready on ${typeof address === 'object' ? address?.port : ''}\n`)
})
process.on('disconnect', () => process.exit(0))
