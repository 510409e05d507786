import type { ReactElement } from 'react'
import type { RequestLog } from '../gateway/contract/request-log.ts'
import { clockText, durationText, localityText, outcomeText, tokensText } from './request-text.ts'

export function RequestTable({ rows }: { readonly rows: readonly RequestLog[] }): ReactElement {
  if (rows.length === 0) {
    return <p className="empty">No requests yet. Point an OpenAI client at the base URL above.</p>
  }
  return (
    <table>
      <caption>Recent requests</caption>
      <thead>
        <tr>
          {['Time', 'App', 'Model', 'Served by', 'Where', 'Why', 'Outcome', 'First token', 'Total', 'Tokens'].map(
            (name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ),
          )}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id} className={row.outcome}>
            <td>{clockText(row.atMs)}</td>
            <td>{row.app}</td>
            <td>{row.model}</td>
            <td>{row.target ?? ''}</td>
            <td>{localityText(row.locality)}</td>
            <td>{row.reason}</td>
            <td className="outcome">{outcomeText(row)}</td>
            <td className="number">{durationText(row.firstTokenMs)}</td>
            <td className="number">{durationText(row.totalMs)}</td>
            <td className="number">{tokensText(row.usage)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
