import type { DesktopStatus } from '../gateway/contract/desktop.ts'
import type { RequestLog } from '../gateway/contract/request-log.ts'

/** What the shell needs of a running gateway; `createGateway` gives more. */
export interface HostedGateway {
  /** `http://127.0.0.1:N`, without `/v1`. */
  readonly url: string
  /** Oldest first. */
  recentRequests(limit: number): Promise<readonly RequestLog[]>
  close(drainMs: number): Promise<void>
}

/** Starts a gateway; `onNotice` gets what a person should know (a key that was created, a broken reload). */
export type StartGateway = (onNotice: (text: string) => void) => Promise<HostedGateway>

/**
 * The gateway as the shell sees it. Where it runs is known only behind this file, so that moving it to another
 * process touches nothing else.
 */
export interface GatewayHost {
  status(): DesktopStatus
  /** Newest first, as a person reads them. */
  recentRequests(limit: number): Promise<readonly RequestLog[]>
  /** Calls on every change of the status. */
  onChange(listener: () => void): void
  start(): Promise<void>
  close(drainMs: number): Promise<void>
}

/** Notices kept for the window; older ones make room. */
const NOTICES = 20

/** A gateway that fails to start does not end the shell: the tray says what is wrong. */
export function createGatewayHost(startGateway: StartGateway): GatewayHost {
  let gateway: HostedGateway | undefined
  let starting: Promise<void> | undefined
  let status: DesktopStatus = { state: 'starting' }
  let notices: readonly string[] = []
  const listeners: (() => void)[] = []
  const show = (next: DesktopStatus): void => {
    status = next
    for (const listener of listeners) listener()
  }
  const showServing = (): void => {
    if (gateway !== undefined) show({ state: 'serving', baseUrl: `${gateway.url}/v1`, notices })
  }
  const onNotice = (text: string): void => {
    // The same sentence again moves to the end: a broken file that is saved ten times is one piece of news.
    notices = [...notices.filter((notice) => notice !== text), text].slice(-NOTICES)
    showServing()
  }
  const begin = async (): Promise<void> => {
    try {
      gateway = await startGateway(onNotice)
      showServing()
    } catch (error) {
      show({ state: 'failed', why: error instanceof Error ? error.message : String(error) })
    }
  }
  return {
    status: () => status,
    recentRequests: async (limit) => (await gateway?.recentRequests(limit))?.toReversed() ?? [],
    onChange: (listener) => void listeners.push(listener),
    start: () => (starting ??= begin()),
    close: async (drainMs) => {
      // Who quits while it starts would else leave a gateway that nobody closes.
      await starting
      const closing = gateway
      gateway = undefined
      await closing?.close(drainMs)
    },
  }
}
