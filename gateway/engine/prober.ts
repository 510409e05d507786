import type { Clock } from '../contract/clock.ts'
import { probeUrl, type ProbeInit, type ProbeReply } from './probe.ts'
import { createUpstream } from './upstream.ts'

/** Looks at addresses without a running gateway: what `doctor` and `explain` need of the engine. */
export interface Prober {
  probe(url: string, init: ProbeInit): Promise<ProbeReply | undefined>
  close(): Promise<void>
}

export function createProber(clock: Clock): Prober {
  const upstream = createUpstream((error) => {
    throw error
  })
  return { probe: (url, init) => probeUrl(clock, upstream, { url, ...init }), close: () => upstream.close() }
}
