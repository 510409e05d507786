import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MESSAGES, startAttackedGateway, type AttackedGateway } from './attacked-gateway.ts'
import { attackFrom, hasChromium, runInPage, launchChromium, startPageServer, type PageServer } from './browser-page.ts'
import { openAiJson, openAiStream, startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'

/**
 * Every local gateway has the same neighbour: a page in a browser on the same machine. Here it is a real one. Chromium
 * answers for the browser's part; what counts is what the page can read, and that no model was ever asked.
 */
describe.skipIf(!hasChromium)('a page in a real browser (needs Chromium)', () => {
  let upstream: ScriptedUpstream
  let gateway: AttackedGateway
  let openGateway: AttackedGateway
  let stranger: PageServer
  let listed: PageServer
  let browser: Browser

  beforeAll(async () => {
    upstream = await startScriptedUpstream(({ text }, response) => {
      const isStream = text.includes('"stream":true')
      response.writeHead(200, {
        'content-type': isStream ? 'text/event-stream' : 'application/json',
        'access-control-allow-origin': '*',
        'access-control-allow-headers': '*, authorization',
      })
      response.end(isStream ? openAiStream('It was spent') : openAiJson('It was spent'))
    })
    stranger = await startPageServer()
    listed = await startPageServer()
    const config = (server: string): string => `
discovery: false
${server}
providers: { cloud: { kind: openai_like, base_url: '${upstream.url}/v1', key: test-key } }
models: { m: cloud/m }
`
    gateway = await startAttackedGateway(config(`server: { origins: ['${listed.origin}'] }`))
    openGateway = await startAttackedGateway(config('auth: off'))
    browser = await launchChromium('MAP evil.example 127.0.0.1, MAP rebound.example [::1]')
  })
  afterAll(async () => {
    await browser.close()
    await gateway.remove()
    await openGateway.remove()
    await stranger.close()
    await listed.close()
    await upstream.close()
  })

  /** Loads a page, lets it try everything, and expects that it read nothing and that nobody was asked anything. */
  async function expectHarmless(pageUrl: string, target: AttackedGateway, base: string): Promise<void> {
    const calls = upstream.received.length
    const rows = (await target.rows()).length
    const page = await openPage(pageUrl)
    const attempts = await attackFrom(page, { base, key: target.key })
    await page.close()
    expect(attempts.length).toBeGreaterThan(35)
    expect(attempts.filter(({ read }) => read !== undefined)).toEqual([])
    expect(upstream.received).toHaveLength(calls)
    expect(await target.rows()).toHaveLength(rows)
  }

  async function openPage(url: string): Promise<Page> {
    const page = await browser.newPage()
    await page.goto(url)
    return page
  }

  it('would read and spend where nobody stands guard, so these attacks are real', async () => {
    const calls = upstream.received.length
    const page = await openPage(stranger.origin)
    const attempts = await attackFrom(page, { base: upstream.url, key: 'any' })
    await page.close()
    expect(attempts.filter(({ read }) => read?.includes('It was spent')).length).toBeGreaterThan(5)
    expect(upstream.received.length - calls).toBeGreaterThan(30)
  })

  it('on another localhost origin can do nothing, not even with the key', async () => {
    await expectHarmless(stranger.origin, gateway, `http://localhost:${gateway.port}`)
  })

  it('on the address itself can do nothing', async () => {
    await expectHarmless(`http://127.0.0.1:${stranger.port}`, gateway, gateway.url)
  })

  it('can do nothing although the user turned keys off', async () => {
    await expectHarmless(stranger.origin, openGateway, openGateway.url)
  })

  it('on a site whose name was rebound to this machine can do nothing', async () => {
    await expectHarmless(`http://evil.example:${stranger.port}`, openGateway, `http://evil.example:${openGateway.port}`)
    await expectHarmless(`http://evil.example:${stranger.port}`, gateway, `http://0.0.0.0:${gateway.port}`)
  })

  it('that is the rebound gateway itself, and so same-origin with it, can do nothing', async () => {
    for (const host of ['evil.example', 'rebound.example']) {
      const calls = upstream.received.length
      // Without the answer's own CSP, which would forbid the page to fetch at all: the guard is to be seen alone.
      const context = await browser.newContext({ bypassCSP: true })
      const page = await context.newPage()
      const response = await page.goto(`http://${host}:${openGateway.port}/v1/models`)
      expect(response?.status()).toBe(403)
      expect(await response?.text()).not.toContain('"data"')
      const status = await runInPage(page, 'postToOwnOrigin', JSON.stringify({ model: 'm', messages: MESSAGES }))
      expect(status).toBe(403)
      expect(upstream.received).toHaveLength(calls)
      await context.close()
    }
  })

  it('without an origin (a sandboxed frame, a data URL) can do nothing', async () => {
    const calls = upstream.received.length
    const page = await openPage(stranger.origin)
    const read = await runInPage(page, 'readFromSandbox', openGateway.url)
    expect(read).toBe('refused')
    expect(upstream.received).toHaveLength(calls)
    await page.close()
  })

  it('at a listed origin works: preflight, JSON, streaming, models, and the headers that it may read', async () => {
    const page = await openPage(listed.origin)
    const result = await runInPage(page, 'useAsClient', { base: `http://localhost:${gateway.port}`, key: gateway.key })
    expect(result).toEqual({
      models: 200,
      answer: 'It was spent',
      target: 'cloud/m',
      streamed: 'It was spent',
      unknown: [404, 'model_not_found'],
      withoutKey: 'nothing to read',
    })
    await page.close()
  })

  it('at a listed origin may still not spend without a key, send cookies, or read over another name', async () => {
    const calls = upstream.received.length
    const page = await openPage(listed.origin)
    const aim = {
      base: `http://localhost:${gateway.port}`,
      key: gateway.key,
      body: JSON.stringify({ model: 'm', messages: MESSAGES }),
    }
    const read = await runInPage(page, 'overstep', aim)
    expect(read).toEqual(['refused', 'refused', 'refused'])
    expect(upstream.received).toHaveLength(calls)
    await page.close()
  })
})
