import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type Page, chromium } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PageFiles, answerPage, listPages } from '../electron/pages.ts'
import type { DesktopStatus } from '../gateway/contract/desktop.ts'
import config from './vite.renderer.ts'

const CHROMIUM = [process.env['SPILLWAY_CHROMIUM'], '/usr/bin/chromium'].find((path) => path && existsSync(path))
/** Stands for `spillway://app`, a scheme that only Electron has; answered from the same files with the same policy. */
const ORIGIN = 'https://app.test'
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const serving: DesktopStatus = {
  state: 'serving',
  baseUrl: 'http://127.0.0.1:4000/v1',
  notices: ['A key was created.'],
}
const row = {
  id: 'r1',
  atMs: 1_750_000_000_000,
  app: 'continue',
  model: 'coder',
  target: 'ollama/qwen3-coder:30b',
  locality: 'device',
  reason: 'tier-1',
  status: 200,
  outcome: 'ok',
  usage: { input: 120, output: 64 },
  firstTokenMs: 240,
  totalMs: 2_400,
}
const failed = {
  ...row,
  id: 'r2',
  outcome: 'error',
  status: 502,
  target: undefined,
  failureMessage: 'Ollama is not running',
}

describe.skipIf(CHROMIUM === undefined)(
  'dashboard in a browser (needs Chromium: SPILLWAY_CHROMIUM or /usr/bin/chromium)',
  () => {
    let browser: Browser
    let files: PageFiles
    const folder = mkdtempSync(join(tmpdir(), 'spillway-dashboard-'))

    beforeAll(async () => {
      await build({ ...config, configFile: false, build: { ...config.build, outDir: folder, emptyOutDir: true } })
      files = listPages(folder)
      browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: FLAGS })
    })
    afterAll(async () => {
      await browser?.close()
      rmSync(folder, { recursive: true, force: true })
    })

    interface Stub {
      readonly status: DesktopStatus
      readonly rows: readonly object[]
    }

    /** Opens the page as the window would; every policy violation and script error is collected. */
    async function open(stub: Stub | undefined): Promise<{ page: Page; problems: string[] }> {
      const page = await browser.newPage()
      const problems: string[] = []
      page.on('console', (message) => void (message.type() === 'error' && problems.push(message.text())))
      page.on('pageerror', (error) => void problems.push(error.message))
      await page.route('**/*', async (route) => {
        const url = new URL(route.request().url())
        if (url.origin !== ORIGIN) return route.abort()
        const answer = answerPage(files, { method: 'GET', url: `spillway://app${url.pathname}` })
        const headers = Object.fromEntries(answer.headers)
        return route.fulfill({ status: answer.status, headers, body: Buffer.from(await answer.arrayBuffer()) })
      })
      if (stub !== undefined) await page.addInitScript(install, stub)
      await page.goto(`${ORIGIN}/index.html`)
      return { page, problems }
    }

    /** Runs inside the page, before its scripts: what the preload script would put there. */
    function install(given: Stub): void {
      const calls: string[] = []
      const bridge = {
        status: async () => given.status,
        recentRequests: async () => given.rows,
        copyBaseUrl: async () => void calls.push('copy'),
      }
      Object.assign(globalThis, { spillway: bridge, calls })
    }

    it('shows the address, what was answered, by whom and why, within its own policy', async () => {
      const { page, problems } = await open({ status: serving, rows: [row, failed] })
      await page.getByText('Recent requests').waitFor()
      const text = await page.locator('body').innerText()
      expect(text).toContain('Serving')
      expect(text).toContain('http://127.0.0.1:4000/v1')
      expect(text).toContain('A key was created.')
      const cells = await page.locator('tbody tr').first().locator('td').allInnerTexts()
      expect(cells.slice(1)).toEqual([
        'continue',
        'coder',
        'ollama/qwen3-coder:30b',
        'this device',
        'tier-1',
        'ok',
        '240 ms',
        '2.4 s',
        '120 → 64',
      ])
      expect(await page.locator('tbody tr').nth(1).innerText()).toContain('error: Ollama is not running')
      expect(problems).toEqual([])
      if (process.env['SPILLWAY_SCREENSHOT']) await page.screenshot({ path: process.env['SPILLWAY_SCREENSHOT'] })
      await page.close()
    })

    it('copies the address when asked, and says so', async () => {
      const { page } = await open({ status: serving, rows: [] })
      await page.getByRole('button', { name: 'Copy base URL' }).click()
      await page.getByText('Copied').waitFor()
      expect(await page.evaluate('globalThis.calls')).toEqual(['copy'])
      expect(await page.locator('body').innerText()).toContain('No requests yet')
      await page.close()
    })

    it.each([
      [{ state: 'starting' } as const, 'Spillway is starting'],
      [{ state: 'failed', why: 'port 4000 is taken' } as const, 'Spillway could not start: port 4000 is taken'],
    ])('says in words that it is not serving: %j', async (status, words) => {
      const { page } = await open({ status, rows: [] })
      await page.getByText(words).waitFor()
      expect(await page.getByRole('button').count()).toBe(0)
      await page.close()
    })

    it('shows what a row says as text, whatever it contains', async () => {
      const nasty = { ...row, model: '<img src=x onerror="globalThis.calls.push(1)"><script>calls.push(2)</script>' }
      const { page } = await open({ status: serving, rows: [nasty] })
      await page.getByText('<img src=x').waitFor()
      expect(await page.evaluate('globalThis.calls')).toEqual([])
      await page.close()
    })

    it('may neither connect anywhere nor run a script that was put into the page', async () => {
      const { page, problems } = await open({ status: serving, rows: [] })
      const reached = await page.evaluate(`fetch('${ORIGIN}/index.html').then(() => 'reached', () => 'refused')`)
      expect(reached).toBe('refused')
      const inline = `document.body.setAttribute('onclick', 'calls.push(3)')`
      await expect(page.evaluate(inline)).rejects.toThrow('TrustedScript')
      expect(await page.evaluate('globalThis.calls')).toEqual([])
      expect(problems.join(' ')).toContain('Content Security Policy')
      await page.close()
    })

    it('says what it is when it is opened outside the app', async () => {
      const { page } = await open(undefined)
      await page.getByRole('alert').waitFor()
      expect(await page.getByRole('alert').innerText()).toContain('part of the Spillway app')
      await page.close()
    })
  },
)
