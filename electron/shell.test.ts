import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFakeClock } from '../gateway/kit/fake-clock.ts'
import { createGatewayHost, type HostedGateway } from './gateway-host.ts'
import { CONTENT_SECURITY_POLICY } from './pages.ts'
import { openShell } from './shell.ts'
import type { Caller } from './slice.ts'
import { StandIn } from './stand-in.ts'
import { windowOptions } from './window.ts'

let pages = ''
beforeEach(() => {
  pages = mkdtempSync(join(tmpdir(), 'spillway-pages-'))
  writeFileSync(join(pages, 'index.html'), '<p>page</p>')
  writeFileSync(join(pages, 'notes.txt'), 'not a page')
})
afterEach(() => rmSync(pages, { recursive: true, force: true }))

const gateway = (closed: number[] = []): HostedGateway => ({
  url: 'http://127.0.0.1:4000',
  recentRequests: async () => [],
  close: async (drainMs) => void closed.push(drainMs),
})

async function open(start: () => Promise<HostedGateway> = async () => gateway()): Promise<StandIn> {
  const standIn = new StandIn()
  const host = createGatewayHost(start)
  await openShell(standIn.electron, {
    host,
    clock: createFakeClock(),
    pages,
    preload: '/app/preload.cjs',
    onError: (why) => {
      throw new Error(why)
    },
  })
  return standIn
}

const label = (standIn: StandIn, text: string) => standIn.menu.find((item) => item.label?.startsWith(text))

function click(standIn: StandIn, text: string): void {
  label(standIn, text)?.click?.()
}

const mainFrame = { origin: 'spillway://app' }
const page: Caller = { sender: { id: 1, mainFrame }, senderFrame: mainFrame }
const foreignFrame = { origin: 'https://evil.example' }

describe('desktop shell', () => {
  it('asks for the sandbox and the secure scheme before the app is ready', async () => {
    const { steps } = await open()
    expect(steps.slice(0, 3)).toEqual(['sandbox', 'scheme', 'ready'])
  })

  it('shows in the tray where it serves, and copies that address', async () => {
    const standIn = await open()
    expect(standIn.steps.at(-1)).toBe('tray: Spillway serves http://127.0.0.1:4000/v1')
    click(standIn, 'Copy base URL')
    expect(standIn.copied).toEqual(['http://127.0.0.1:4000/v1'])
  })

  it('stays in the tray and says why when the gateway cannot start', async () => {
    const standIn = await open(() => Promise.reject(new Error('port 4000 is taken')))
    expect(standIn.steps.at(-1)).toBe('tray: Spillway could not start: port 4000 is taken')
    expect(label(standIn, 'Copy base URL')?.enabled).toBe(false)
  })

  it('opens one window, and shows the same one again for a second start', async () => {
    const standIn = await open()
    click(standIn, 'Dashboard')
    standIn.startAgain()
    expect(standIn.windows).toHaveLength(1)
    expect(standIn.steps.filter((step) => step.startsWith('load'))).toEqual(['load spillway://app/index.html'])
    expect(standIn.steps.filter((step) => step === 'show')).toHaveLength(2)
  })

  it('leaves at once when another instance is running', async () => {
    const standIn = new StandIn()
    standIn.hasLock = false
    const host = createGatewayHost(() => Promise.reject(new Error('must not start')))
    await openShell(standIn.electron, { host, clock: createFakeClock(), pages, preload: '', onError: () => undefined })
    expect(standIn.steps).toEqual(['quit'])
    expect(host.status()).toEqual({ state: 'starting' })
  })

  it('drains the gateway once before it exits, however often quit is asked', async () => {
    const closed: number[] = []
    const standIn = await open(async () => gateway(closed))
    click(standIn, 'Quit')
    click(standIn, 'Quit')
    await expect.poll(() => standIn.steps.at(-1)).toBe('exit 0')
    expect(closed).toHaveLength(1)
  })
})

describe('gateway host', () => {
  it('closes a gateway that was still starting when quit was asked', async () => {
    const closed: number[] = []
    const started = Promise.withResolvers<HostedGateway>()
    const host = createGatewayHost(() => started.promise)
    const starting = host.start()
    const closing = host.close(5)
    started.resolve(gateway(closed))
    await Promise.all([starting, closing])
    expect(closed).toEqual([5])
  })

  it('keeps a notice that comes again once, as the newest', async () => {
    const notices = ['broken', 'key', 'broken']
    const host = createGatewayHost(async (onNotice) => {
      notices.forEach(onNotice)
      return gateway()
    })
    await host.start()
    expect(host.status()).toMatchObject({ state: 'serving', notices: ['key', 'broken'] })
  })
})

describe('hardening', () => {
  it('gives pages exactly these powers', () => {
    expect(windowOptions('/p.cjs', true).webPreferences).toEqual({
      preload: '/p.cjs',
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      spellcheck: false,
      devTools: false,
    })
  })

  it.each(['will-navigate', 'will-redirect', 'will-frame-navigate', 'will-attach-webview', 'will-download'])(
    'prevents %s',
    async (event) => {
      const standIn = await open()
      standIn.openContents()
      expect(standIn.prevents(event)).toBe(true)
    },
  )

  it('denies new windows', async () => {
    const standIn = await open()
    standIn.openContents()
    expect(standIn.windowOpen?.()).toEqual({ action: 'deny' })
  })

  it.each(['media', 'notifications', 'clipboard-read', 'geolocation', 'openExternal'])(
    'grants no %s',
    async (permission) => expect((await open()).grants(permission)).toBe(false),
  )
})

describe('pages', () => {
  const get = async (url: string, method = 'GET'): Promise<Response> => {
    const standIn = await open()
    const answer = standIn.pages?.(new Request(url, { method }))
    if (answer === undefined) throw new Error('no handler')
    return answer
  }

  it('serves a built file with the policy and its type', async () => {
    const answer = await get('spillway://app/index.html')
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('<p>page</p>')
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(answer.headers.get('content-security-policy')).toBe(CONTENT_SECURITY_POLICY)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it.each([
    'spillway://app/../index.html/../../etc/passwd',
    'spillway://app/%2e%2e/%2e%2e/etc/passwd',
    'spillway://app/notes.txt',
    'spillway://other/index.html',
    'spillway://app/index.html?x=1',
    'spillway://app/',
  ])('does not serve %s', async (url) => expect((await get(url)).status).toBe(404))

  it('answers only GET', async () => expect((await get('spillway://app/index.html', 'POST')).status).toBe(404))

  it('lets a page connect to nothing and run no foreign script', () => {
    expect(CONTENT_SECURITY_POLICY).toContain("connect-src 'none'")
    expect(CONTENT_SECURITY_POLICY).toContain("script-src 'self';")
    expect(CONTENT_SECURITY_POLICY).not.toContain('unsafe')
  })
})

describe('bridge', () => {
  const withWindow = async (): Promise<StandIn> => {
    const standIn = await open()
    click(standIn, 'Dashboard')
    return standIn
  }

  it('answers the own page', async () => {
    const standIn = await withWindow()
    expect(await standIn.call('spillway:status', page)).toMatchObject({ baseUrl: 'http://127.0.0.1:4000/v1' })
    expect(await standIn.call('spillway:recentRequests', page, 10)).toEqual([])
    await standIn.call('spillway:copyBaseUrl', page)
    expect(standIn.copied).toHaveLength(1)
  })

  const foreign: readonly (readonly [string, Caller])[] = [
    ['another origin', { sender: { id: 1, mainFrame: foreignFrame }, senderFrame: foreignFrame }],
    ['a frame inside the page', { sender: { id: 1, mainFrame }, senderFrame: { origin: 'spillway://app' } }],
    ['another window', { sender: { id: 2, mainFrame }, senderFrame: mainFrame }],
    ['a frame that is gone', { sender: { id: 1, mainFrame }, senderFrame: null }],
  ]
  it.each(foreign)('refuses %s on every channel', async (_name, caller) => {
    const standIn = await withWindow()
    for (const channel of standIn.handlers.keys()) {
      await expect(standIn.call(channel, caller)).rejects.toThrow('refused')
    }
  })

  it.each([[[]], [[0]], [[-1]], [[1.5]], [['10']], [[1_000_000]], [[10, 'more']], [[{ __proto__: null, valueOf: 1 }]]])(
    'refuses recentRequests with %j',
    async (args) => {
      const standIn = await withWindow()
      await expect(standIn.call('spillway:recentRequests', page, ...args)).rejects.toThrow('refused')
    },
  )

  it('refuses a page that calls without end', async () => {
    const standIn = await withWindow()
    const answers = await Promise.allSettled(Array.from({ length: 500 }, () => standIn.call('spillway:status', page)))
    expect(answers.filter((answer) => answer.status === 'fulfilled').length).toBeLessThan(100)
  })
})
