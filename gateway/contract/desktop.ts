import type { RequestLog } from './request-log.ts'

/**
 * Everything that the desktop window may ask of the app: the whole of `window.spillway`. The window has no
 * network, no files and no keys; what is not here it cannot do.
 */
export interface DesktopBridge {
  status(): Promise<DesktopStatus>
  /** Newest first; `limit` is at most `limits.desktopRows`. */
  recentRequests(limit: number): Promise<readonly RequestLog[]>
  copyBaseUrl(): Promise<void>
}

export type DesktopStatus =
  | { readonly state: 'starting' }
  /** `baseUrl` is what a client is given: `http://127.0.0.1:4000/v1`. */
  | { readonly state: 'serving'; readonly baseUrl: string; readonly notices: readonly string[] }
  | { readonly state: 'failed'; readonly why: string }
