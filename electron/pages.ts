import { readFileSync, readdirSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { ElectronSlice } from './slice.ts'

/** The only origin that a window of ours has. */
export const APP_ORIGIN = 'spillway://app'

/** Scripts and styles of our own files only, and no connection to anywhere: data comes over the bridge. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
}

/** URL path -> file; built once, so that no request can name a file that was not part of the build. */
export type PageFiles = ReadonlyMap<string, string>

/** The files of the built window below a folder, by the path they are asked for. Unknown types are left out. */
export function listPages(folder: string): PageFiles {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => extname(name) in TYPES)
  return new Map(names.map((name) => [`/${name.replaceAll('\\', '/')}`, join(folder, name)]))
}

/** Answers one request of the window for a page: exact names only, GET only. */
export function answerPage(files: PageFiles, request: { readonly method: string; readonly url: string }): Response {
  const url = URL.parse(request.url)
  const file = url !== null && isOurs(url) && request.method === 'GET' ? files.get(url.pathname) : undefined
  if (file === undefined) return new Response('Not found', { status: 404, headers: headersFor('.txt') })
  return new Response(readFileSync(file), { status: 200, headers: headersFor(extname(file)) })
}

/** Serves the window's files under `spillway://app/`. */
export function setupPages({ protocol }: ElectronSlice, folder: string): void {
  const files = listPages(folder)
  protocol.handle('spillway', (request) => answerPage(files, request))
}

function isOurs(url: URL): boolean {
  return url.protocol === 'spillway:' && url.host === 'app' && url.search === ''
}

function headersFor(extension: string): Record<string, string> {
  return {
    'content-type': TYPES[extension] ?? 'text/plain; charset=utf-8',
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  }
}
