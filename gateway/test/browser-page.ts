import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'

const SCRIPTS = readFileSync(join(import.meta.dirname, 'browser-scripts.js'), 'utf8')
const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'

/** False where there is no browser to prove anything with; tests then skip and say so. */
export const hasChromium = existsSync(CHROMIUM)

/** A real browser that talks to nobody but the pages of the test. @param hostRules for `--host-resolver-rules`. */
export function launchChromium(hostRules?: string): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...(hostRules === undefined ? [] : [`--host-resolver-rules=${hostRules}`]),
    ],
  })
}

/** An empty page on an origin of its own. */
export interface PageServer {
  readonly port: number
  readonly origin: string
  close(): Promise<void>
}

export async function startPageServer(): Promise<PageServer> {
  const server: Server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>a page</title><body>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server always has one
  return {
    port,
    origin: `http://localhost:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** What a page found out by one attempt: `read` is whatever it could lay its hands on. */
export interface Attempt {
  readonly how: string
  readonly read: string | undefined
}

/** Calls a function of `browser-scripts.js` inside the page, as a script of that page; gives what it resolves to. */
export function runInPage(page: Page, name: string, arg: unknown): Promise<unknown> {
  return page.evaluate(`(() => { ${SCRIPTS}; return ${name}(${JSON.stringify(arg)}) })()`)
}

/** Every attack that a page has, tried by this one. */
export async function attackFrom(page: Page, aim: { readonly base: string; readonly key: string }): Promise<Attempt[]> {
  const attempts = await runInPage(page, 'attackFromPage', aim)
  return attempts as Attempt[] // the script's own words
}
