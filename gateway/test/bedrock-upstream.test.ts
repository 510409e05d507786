import { createHash, createHmac } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { chunkBytes, converseBytes } from '../providers/test/event-stream-bytes.ts'
import { startScriptedUpstream, type ReceivedRequest, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

/** LiteLLM's file for Bedrock, with the endpoint of a VPC, before a Bedrock that looks at the signature. */
const MODEL = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const account = `aws_region_name: eu-west-1, aws_access_key_id: AKIAIOSFODNN7EXAMPLE,
      aws_secret_access_key: os.environ/AWS_SECRET, aws_bedrock_runtime_endpoint: os.environ/BEDROCK_URL`
const FILE = `
model_list:
  - model_name: claude
    litellm_params: { model: bedrock/${MODEL}, ${account} }
  - model_name: keyed
    litellm_params: { model: bedrock/converse/${MODEL}, api_key: bedrock-api-key-1234567890, api_base: os.environ/BEDROCK_URL }
  - model_name: nova
    litellm_params: { model: bedrock/invoke/us.amazon.nova-2-lite-v1:0, ${account} }
general_settings:
  master_key: sk-1234
`

/** OpenAI takes 128 characters, Bedrock 64. */
const LONG_NAME = `mcp__${'weather_'.repeat(9)}get`

const running: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const item of running.splice(0)) await item.close()
})

describe('Bedrock behind the gateway', () => {
  it('is asked with a signature that holds, and its tools keep the names of the client', async () => {
    const { gateway, bedrock } = await start()
    const tool = {
      type: 'function',
      function: { name: LONG_NAME, parameters: { type: 'object', properties: {} } },
    }
    const text = await ask(gateway, { model: 'claude', tools: [tool], stream: true })
    const [asked] = bedrock.received
    if (asked === undefined) throw new Error('nothing was asked')
    expect(asked.path).toBe('/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream')
    expect(asked.headers.authorization).toContain('/eu-west-1/bedrock/aws4_request')
    expect(asked.headers.authorization).toContain(`Signature=${signatureOf(asked)}`)
    expect(text).toContain(`"name":"${LONG_NAME}"`)
    expect(text).toContain('"finish_reason":"tool_calls"')
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true)
    expect(text).not.toContain(SECRET)
  })

  it('is asked with a bearer key without any signature', async () => {
    const { gateway, bedrock } = await start()
    await ask(gateway, { model: 'keyed', stream: true })
    expect(bedrock.received[0]?.headers.authorization).toBe('Bearer bedrock-api-key-1234567890')
    expect(bedrock.received[0]?.headers).not.toHaveProperty('x-amz-date')
  })

  it('is asked in the model’s own wire', async () => {
    const { gateway, bedrock } = await start()
    const text = await ask(gateway, { model: 'nova', stream: true })
    expect(bedrock.received[0]?.path).toContain('/invoke-with-response-stream')
    expect(text).toContain('"content":"Hello"')
  })
})

async function start(): Promise<{ gateway: TestGateway; bedrock: ScriptedUpstream }> {
  const bedrock = await startScriptedUpstream((request, response) => {
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' })
    response.end(request.path.includes('/invoke') ? novaReply() : toolReply(request.text))
  })
  const gateway = await startTestGateway(FILE, { AWS_SECRET: SECRET, BEDROCK_URL: bedrock.url })
  running.push(gateway, bedrock)
  return { gateway, bedrock }
}

/** Calls the first tool that is offered, under the name that it has on the wire. */
function toolReply(body: string): Buffer {
  const name: string = JSON.parse(body).toolConfig?.tools[0].toolSpec.name ?? 'none'
  return converseBytes([
    ['messageStart', { role: 'assistant' }],
    ['contentBlockStart', { contentBlockIndex: 0, start: { toolUse: { toolUseId: 'tooluse_1', name } } }],
    ['contentBlockStop', { contentBlockIndex: 0 }],
    ['messageStop', { stopReason: 'tool_use' }],
    ['metadata', { usage: { inputTokens: 3, outputTokens: 4 } }],
  ])
}

function novaReply(): Buffer {
  return chunkBytes([
    { messageStart: { role: 'assistant' } },
    { contentBlockDelta: { contentBlockIndex: 0, delta: { text: 'Hello' } } },
    { messageStop: { stopReason: 'end_turn' } },
  ])
}

async function ask(gateway: TestGateway, body: object): Promise<string> {
  const response = await fetch(`${gateway.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-1234' },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'weather?' }], ...body }),
  })
  const text = await response.text()
  expect(response.ok ? '' : text).toBe('')
  return text
}

/** The signature that a request must have, worked out by hand from AWS's description. */
function signatureOf({ path, headers, text }: ReceivedRequest): string {
  const hash = (given: string): string => createHash('sha256').update(given).digest('hex')
  const hmac = (given: string | Buffer, said: string): Buffer => createHmac('sha256', given).update(said).digest()
  const names = /SignedHeaders=([^,]+),/.exec(headers.authorization ?? '')?.[1] ?? ''
  const date = String(headers['x-amz-date'])
  const twice = path.split('/').map(encodeURIComponent).join('/')
  const lines = names.split(';').map((name) => `${name}:${String(headers[name])}\n`)
  const canonical = ['POST', twice, '', lines.join(''), names, hash(text)].join('\n')
  const scope = [date.slice(0, 8), 'eu-west-1', 'bedrock', 'aws4_request']
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${SECRET}`)
  return hmac(key, ['AWS4-HMAC-SHA256', date, scope.join('/'), hash(canonical)].join('\n')).toString('hex')
}
