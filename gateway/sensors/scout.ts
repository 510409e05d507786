import type { Clock, Timer } from '../contract/clock.ts'
import { limits } from '../contract/limits.ts'
import type { Provider } from '../contract/provider.ts'
import type { FoundRunner } from '../contract/runner.ts'
import { candidates } from './candidates.ts'
import type { Candidate } from './candidates.ts'
import { identify } from './identify.ts'
import type { Finding, Probe } from './identify.ts'
import { mapBounded } from './map-bounded.ts'

export interface ScoutDeps {
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  readonly probe: Probe
  /** Runners whose provider is unknown are served as `openai_like`. */
  readonly findProvider?: (id: string) => Provider | undefined
  /** More addresses to look at, such as `http://192.168.1.20:8000`. */
  readonly candidates?: readonly string[]
  /** The port that this Spillway listens on, once it does. */
  readonly ownPort?: () => number | undefined
  /** Called when a runner came, went or has other models; never for a round that found the same. */
  readonly onChange?: (runners: readonly FoundRunner[]) => void
}

/** Looks for runners on this machine, again and again. */
export interface Scout {
  /** Looks now and then every `limits.probeIntervalMs`. Idempotent. */
  start(): void
  stop(): void
  /** One round now, or the one that is under way. Never rejects. */
  refresh(): Promise<readonly FoundRunner[]>
  /** As of the last round, in the order of the candidates. */
  runners(): readonly FoundRunner[]
  /** Addresses where something answers that wants a key: to be configured by the user. */
  locked(): readonly string[]
}

interface Sighting {
  readonly runner: FoundRunner
  /** What it was recognised as, before unknown providers were renamed. */
  readonly kind: string
  readonly children: readonly string[]
  /** Rounds in a row in which it was not seen. */
  readonly misses: number
}

/** A scout that has not looked yet. */
export function createRunnerScout(deps: ScoutDeps): Scout {
  let sightings: ReadonlyMap<Candidate, Sighting> = new Map()
  let visible: readonly FoundRunner[] = []
  let lockedAddresses: readonly string[] = []
  let round: Promise<readonly FoundRunner[]> | undefined
  let timer: Timer | undefined
  /** Names the loop that may go on: one that was stopped while it looked must not come back beside a new one. */
  let loop: symbol | undefined

  const look = async (): Promise<readonly FoundRunner[]> => {
    const addresses = candidates({ env: deps.env, extra: deps.candidates ?? [], ownPort: deps.ownPort?.() })
    const findings = await mapBounded(addresses, limits.probeConcurrency, (address) =>
      identify(address, deps.probe, sightings.get(address)?.kind),
    )
    sightings = nextSightings(sightings, addresses, findings)
    lockedAddresses = addresses.filter((_address, index) => findings[index]?.kind === 'locked')
    const found = withoutChildren([...sightings.values()]).map(({ runner }) => served(runner, deps.findProvider))
    const isSame = JSON.stringify(found) === JSON.stringify(visible)
    visible = found
    round = undefined
    if (!isSame) deps.onChange?.(found)
    return found
  }

  const refresh = (): Promise<readonly FoundRunner[]> => {
    round ??= look()
    return round
  }

  const run = async (self: symbol): Promise<void> => {
    await refresh()
    if (loop === self) timer = deps.clock.startTimer(limits.probeIntervalMs, () => void run(self))
  }

  return {
    start: () => {
      if (loop !== undefined) return
      loop = Symbol('scout')
      void run(loop)
    },
    stop: () => {
      loop = undefined
      timer?.cancel()
    },
    refresh,
    runners: () => visible,
    locked: () => lockedAddresses,
  }
}

/** What is seen replaces what was known; what is not seen is kept for one more round, because runners get busy. */
function nextSightings(
  before: ReadonlyMap<Candidate, Sighting>,
  addresses: readonly Candidate[],
  findings: readonly Finding[],
): ReadonlyMap<Candidate, Sighting> {
  const entries = addresses.flatMap((address, index): [Candidate, Sighting][] => {
    const finding = findings[index]
    if (finding?.kind === 'runner') {
      const { runner, children } = finding
      return [[address, { runner, kind: runner.provider, children, misses: 0 }]]
    }
    const known = before.get(address)
    if (known === undefined || known.misses + 1 >= limits.probeMisses) return []
    return [[address, { ...known, misses: known.misses + 1 }]]
  })
  return new Map(entries)
}

/** A server that another runner started for itself has the same models; it is reached through that runner. */
function withoutChildren(sightings: readonly Sighting[]): readonly Sighting[] {
  const origins = new Set(sightings.flatMap(({ children }) => children.flatMap((url) => URL.parse(url)?.origin ?? [])))
  return sightings.filter(({ runner }) => !origins.has(new URL(runner.baseUrl).origin))
}

function served(runner: FoundRunner, findProvider: ScoutDeps['findProvider']): FoundRunner {
  return findProvider === undefined || findProvider(runner.provider) !== undefined
    ? runner
    : { ...runner, provider: 'openai_like' }
}
