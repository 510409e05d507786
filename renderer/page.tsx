import type { ReactElement } from 'react'
import type { DesktopBridge } from '../gateway/contract/desktop.ts'
import { RequestTable } from './request-table.tsx'
import { StatusBar } from './status-bar.tsx'
import { usePolled } from './use-polled.ts'

const POLL_MS = 2_000
const ROWS = 50

/** The dashboard: where to point a client, and what was answered lately, by whom and why. */
export function createPage(bridge: DesktopBridge): () => ReactElement {
  const askStatus = (): ReturnType<DesktopBridge['status']> => bridge.status()
  const askRows = (): ReturnType<DesktopBridge['recentRequests']> => bridge.recentRequests(ROWS)
  const copy = (): Promise<void> => bridge.copyBaseUrl()
  return function Page() {
    const status = usePolled(askStatus, POLL_MS)
    const rows = usePolled(askRows, POLL_MS)
    return (
      <>
        <StatusBar status={status.value} error={status.error} onCopy={copy} />
        <main>
          <RequestTable rows={rows.value ?? []} />
        </main>
      </>
    )
  }
}
