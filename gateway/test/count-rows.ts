import { openLogReader } from '../store/log-reader.ts'
import type { AttackedGateway } from './attacked-gateway.ts'

/** The log gives a bounded number of rows at once; so they are counted in the file, as `spillway logs` reads it. */
export async function countRows(gateway: AttackedGateway): Promise<number> {
  await gateway.rows()
  const reader = openLogReader(gateway.dataDir)
  if ('kind' in reader) throw new Error(reader.message)
  const ids = new Set<string>()
  let afterSeq = 0
  for (;;) {
    const rows = reader.select({ limit: 1_000, afterSeq })
    if ('kind' in rows || rows.length === 0) break
    for (const row of rows) ids.add(row.id)
    afterSeq = rows.at(-1)?.seq ?? afterSeq
  }
  reader.close()
  return ids.size
}
