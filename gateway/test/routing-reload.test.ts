import { writeFile } from 'node:fs/promises'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { chatChunk, chatReply, replyJson } from './scripted-replies.ts'
import { startScriptedUpstream, type Script } from './scripted-upstream.ts'
import { startTestGateway, type TestGateway } from './test-gateway.ts'

const running: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const item of running.splice(0)) await item.close()
})

const STREAMS = 20
const MESSAGES = [{ role: 'user' as const, content: 'hi' }]

describe('the configuration is edited while requests run', () => {
  it('lets the old ones finish, serves the new ones anew, and keeps the last good one when an edit is broken', async () => {
    const gate = Promise.withResolvers<void>()
    const slow: Script = async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${JSON.stringify(chatChunk({ content: 'old ' }))}\n\n`)
      await gate.promise
      response.write(`data: ${JSON.stringify(chatChunk({ content: 'config' }))}\n\n`)
      response.end(`data: ${JSON.stringify(chatChunk({}, 'stop'))}\n\ndata: [DONE]\n\n`)
    }
    const before = await startScriptedUpstream(slow)
    const after = await startScriptedUpstream(replyJson(chatReply({ content: 'new config' })))
    const gateway = await startTestGateway(configText(before.url, 'a'))
    running.push(gateway, before, after)
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 })

    const begun: Promise<void>[] = []
    const streams = Array.from({ length: STREAMS }, async () => {
      const first = Promise.withResolvers<void>()
      begun.push(first.promise)
      let text = ''
      for await (const chunk of await client.chat.completions.create({
        model: 'm',
        messages: MESSAGES,
        stream: true,
      })) {
        text += chunk.choices[0]?.delta.content ?? ''
        first.resolve()
      }
      return text
    })
    await Promise.all(begun)
    await edit(gateway, configText(after.url, 'b'), /is in force/)
    expect((await client.chat.completions.create({ model: 'm', messages: MESSAGES })).choices[0]?.message.content).toBe(
      'new config',
    )
    await edit(gateway, `${configText(after.url, 'b')}\nmodells: { x: y }`, /last good configuration/)
    expect(gateway.notices.join('\n')).toMatch(/config\.yaml:\d+:\d+.*modells/)
    expect((await client.chat.completions.create({ model: 'm', messages: MESSAGES })).choices[0]?.message.content).toBe(
      'new config',
    )
    gate.resolve()
    expect(new Set(await Promise.all(streams))).toEqual(new Set(['old config']))
    const rows = await gateway.rows()
    expect(rows.filter((row) => row.target === 'p/a').length).toBe(STREAMS)
    expect(rows.filter((row) => row.target === 'p/b').length).toBe(2)
    expect(rows.every((row) => row.outcome === 'ok')).toBe(true)
  })
})

function configText(url: string, model: string): string {
  return `discovery: false\nproviders: { p: { kind: openai_like, base_url: '${url}/v1', key: k } }\nmodels: { m: p/${model} }`
}

/** Saves the file and waits until it was noticed. */
async function edit(gateway: TestGateway, text: string, notice: RegExp): Promise<void> {
  const seen = gateway.notices.length
  await writeFile(gateway.configPath ?? '', text)
  while (!gateway.notices.slice(seen).some((line) => notice.test(line))) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
