import { useState, type ReactElement } from 'react'
import type { DesktopStatus } from '../gateway/contract/desktop.ts'

interface Props {
  readonly status: DesktopStatus | undefined
  readonly error: string | undefined
  readonly onCopy: () => Promise<void>
}

export function StatusBar({ status, error, onCopy }: Props): ReactElement {
  const [copied, setCopied] = useState('')
  const copy = (): void => {
    onCopy().then(
      () => setCopied('Copied'),
      () => setCopied('Could not copy'),
    )
  }
  if (error !== undefined) return <header role="alert">The app does not answer: {error}</header>
  if (status === undefined || status.state === 'starting') return <header role="status">Spillway is starting</header>
  if (status.state === 'failed') return <header role="alert">Spillway could not start: {status.why}</header>
  return (
    <header>
      <p role="status">
        <span className="light" aria-hidden="true" /> Serving
      </p>
      <p className="address">
        <code>{status.baseUrl}</code>
        <button type="button" onClick={copy}>
          Copy base URL
        </button>
        <span role="status">{copied}</span>
      </p>
      {status.notices.length > 0 && (
        <ul className="notices" aria-label="Notices">
          {status.notices.map((notice) => (
            <li key={notice}>{notice}</li>
          ))}
        </ul>
      )}
    </header>
  )
}
