/**
 * Spillway inside a Node program: the official OpenAI SDK asks models in process, without a port and without a key.
 * `spillway/echo` is a model that is always there and repeats what it is told; put the name of one of yours in its
 * place, such as `ollama/llama3.2`.
 *
 * Run it from the checkout, after `npm run build`: node examples/in-process.ts
 */
import OpenAI from 'openai'
import { createGateway, StartError } from 'spillway'

const model = process.argv[2] ?? 'spillway/echo'

/** Any path of `spillway.yaml` would do as well; without `config` the models of the runners on this machine are served. */
const gateway = await createGateway({
  config: { mode: 'local-first', aliases: { mine: model } },
})

try {
  // The host in the base URL is never looked up: the gateway's own fetch serves the request.
  const client = new OpenAI({ baseURL: 'http://spillway/v1', apiKey: 'not needed', fetch: gateway.fetch })
  const stream = await client.chat.completions.create({
    model: 'mine',
    messages: [{ role: 'user', content: 'Hello from this process' }],
    stream: true,
  })
  process.stdout.write('In process: ')
  for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')

  // Other programs need a port and a key; port 0 takes a free one.
  const { url, key } = await gateway.listen(0)
  const outside = new OpenAI({ baseURL: `${url}/v1`, apiKey: key })
  const answer = await outside.chat.completions.create({
    model: 'mine',
    messages: [{ role: 'user', content: 'Hello through the port' }],
  })
  console.log(`\nThrough the port: ${answer.choices[0]?.message.content}`)

  for (const row of await gateway.recentRequests(10)) {
    console.log(`${row.app} asked for ${row.model}: ${row.status} from ${row.target ?? 'nowhere'} (${row.reason})`)
  }
} finally {
  await gateway.close()
}

// What is wrong in a configuration is said with its place, here in the object.
try {
  await createGateway({ config: { models: { mine: 'no-such-provider/model' } } })
} catch (error) {
  if (!(error instanceof StartError)) throw error
  for (const { file, message } of error.diagnostics) console.log(`Refused: ${file}: ${message}`)
}
