import { randomBytes } from 'node:crypto'
import { newAppKey } from './accounts/keys.ts'
import { createLimiter } from './accounts/limits.ts'
import { createBadKeyThrottle } from './accounts/throttle.ts'
import type { Clock } from './contract/clock.ts'
import type { AppSettings, GatewayConfig } from './contract/config.ts'
import { isFailure } from './contract/failure.ts'
import { limits } from './contract/limits.ts'
import type { FoundRunner } from './contract/runner.ts'
import { createSigners } from './credentials/signers.ts'
import { loadedRow, refusedRow } from './early-row.ts'
import { createEngine, type Engine } from './engine/engine.ts'
import { createInProcess, type InProcess } from './http/in-process.ts'
import type { Fetch } from './http/in-process-fetch.ts'
import { createGatewayServer, type GatewayServer } from './http/server.ts'
import type { ServerDeps } from './http/server-deps.ts'
import { createKeyRing, type EphemeralKey, type KeyRing } from './key-ring.ts'
import { openLiveConfig, type ConfigText, type LiveConfig } from './live-config.ts'
import { findProvider } from './providers/registry.ts'
import { newRequestId } from './request-id.ts'
import { responsesHistory, routeDialects } from './route-dialects.ts'
import { readControls } from './routing/controls.ts'
import { modelCard } from './routing/model-card.ts'
import { applyParams } from './routing/params.ts'
import { plan } from './routing/plan.ts'
import { createRunnerScout, type Scout } from './sensors/scout.ts'
import { StartError } from './start-error.ts'
import { claimDataDir, DataDirInUseError, type InstanceLock } from './store/instance-lock.ts'
import type { StoredRequest } from './store/log-query.ts'
import { openStore, type Store } from './store/store.ts'
import { signerLoaders } from './signer-loaders.ts'
import { createTokenCounter } from './tokens/counter.ts'
import { VERSION } from './version.ts'

export interface GatewayOptions {
  /** Where keys and logs are kept; made when it is missing. */
  readonly dataDir: string
  /** `spillway.yaml` or LiteLLM's `config.yaml`; undefined: what is found on this machine is served. */
  readonly configPath: string | undefined
  /** In place of that file; `configPath` is then its name in messages. */
  readonly configText?: ConfigText | undefined
  /** Overrides the configuration's port; 0 takes a free one. */
  readonly port: number | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** A line for the person who runs it: a key that was made, a broken edit, a damaged file. Never holds an old key. */
  readonly onNotice: (text: string) => void
  /** Keys of this run alone, which are kept nowhere; with one, none is made at the first start. */
  readonly ephemeralKeys?: readonly EphemeralKey[]
}

/** A gateway that serves on its port. */
export interface Gateway extends Pick<ComposedGateway, 'recentRequests' | 'runners' | 'config' | 'close'>, Address {}

export interface Address {
  /** `http://127.0.0.1:N`, without `/v1`. */
  readonly url: string
  readonly port: number
}

/** A gateway that is put together: it serves this program, and others once it listens. */
export interface ComposedGateway {
  /** Requests of this program: the same guard, routes and log, no socket and no key. */
  readonly fetch: Fetch
  /** Binds the port, or the configuration's; once only. Throws {@link StartError} where that is impossible. */
  listen(port: number | undefined): Promise<Address>
  /** Looks for runners from now on, unless the configuration forbids it; resolves after a first look. Once only. */
  look(): Promise<void>
  /** The newest request rows, oldest first. */
  recentRequests(limit: number): Promise<readonly StoredRequest[]>
  runners(): readonly FoundRunner[]
  config(): GatewayConfig
  /**
   * Lets running answers finish for at most `drainMs`, then ends them with an error; writes every row. Called again it
   * waits for the same end, and a shorter `drainMs` brings that about sooner.
   */
  close(drainMs: number): Promise<void>
}

/** The whole program put together, and serving on its port. Throws {@link StartError} when it cannot start. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const composed = await composeGateway(options)
  try {
    const address = await composed.listen(options.port)
    await composed.look()
    return { ...composed, ...address }
  } catch (error) {
    await composed.close(0)
    throw error
  }
}

/** The whole program put together; nothing listens yet. Throws {@link StartError} when it cannot start. */
export async function composeGateway(options: GatewayOptions): Promise<ComposedGateway> {
  const { clock, env, onNotice } = options
  const live = openLiveConfig({ path: options.configPath, text: options.configText, env, clock, onNotice })
  const lock = claim(options.dataDir)
  const store = await openStore({ dataDir: options.dataDir, logs: live.config().logs, clock, onNotice })
  const engine = createEngine({
    clock,
    random: Math.random,
    findProvider,
    applyParams,
    signer: createSigners(signerLoaders(clock)),
    tokens: createTokenCounter(),
    log: store.log,
    settings: () => live.config().routing,
    userAgent: `spillway/${VERSION}`,
    report: (error) => onNotice(`A bug in Spillway: ${describe(error)}`),
  })
  return assemble({ options, live, lock, store, engine })
}

interface Parts {
  readonly options: GatewayOptions
  readonly live: LiveConfig
  readonly lock: InstanceLock
  readonly store: Store
  readonly engine: Engine
}

function assemble(parts: Parts): ComposedGateway {
  const { options, live, store, engine } = parts
  const { clock, env, onNotice } = options
  const limiter = createLimiter(clock)
  const keys = createKeyRing({
    config: live.config,
    store,
    env,
    ephemeral: options.ephemeralKeys ?? [],
    onConfigChange: live.onChange,
    onRevoked: (record) => {
      engine.cancelApp(record.id)
      limiter.forget(record.name)
    },
  })
  const settingsOf = createAppIndex(live)
  const deps = serverDeps(parts, { keys, limiter, settingsOf })
  const server = createGatewayServer(deps)
  const inProcess = createInProcess(deps, () => ({ ...settingsOf(PROGRAM.name), id: PROGRAM.id }))
  let scout: Scout | undefined
  let closing: Promise<void> | undefined
  return {
    fetch: inProcess.fetch,
    listen: async (port) => {
      const listening = await server.listen(port ?? live.config().server.port)
      if (!listening.ok) throw new StartError(1, [listening.message])
      if (listening.notice !== undefined) onNotice(listening.notice)
      // Only now: a key that is shown by a start that then fails would never be shown again.
      if (live.config().server.auth === 'key' && keys.isEmpty) await createFirstKey(store, onNotice)
      return { url: `http://127.0.0.1:${listening.port}`, port: listening.port }
    },
    look: async () => {
      if (live.config().discovery) scout = createScout(parts, () => server.address?.port)
      if (scout !== undefined) await firstLook(scout, clock)
    },
    config: live.config,
    runners: () => scout?.runners() ?? [],
    recentRequests: async (limit) => {
      await store.flush()
      const rows = await store.queryLogs({ limit })
      return isFailure(rows) ? [] : rows
    },
    close: (drainMs) => {
      if (closing !== undefined) void engine.drain(drainMs)
      closing ??= closeAll({ parts, server, inProcess, scout }, drainMs)
      return closing
    },
  }
}

/** The program that holds the gateway: its requests have this name in the log, and the limits of the app of this name. */
export const PROGRAM = { id: 'program', name: 'program' } as const

interface Accounts {
  readonly keys: KeyRing
  readonly limiter: ReturnType<typeof createLimiter>
  readonly settingsOf: (name: string) => AppSettings
}

function serverDeps({ options, live, store, engine }: Parts, { keys, limiter, settingsOf }: Accounts): ServerDeps {
  const { clock, onNotice } = options
  return {
    clock,
    newId: () => newRequestId(clock.nowMs()),
    version: VERSION,
    config: live.config,
    plan: (facts, app) => {
      const { mode, routing } = live.config()
      const snapshot = engine.snapshot()
      return plan({ facts, app, directory: live.directory(), routing, mode, snapshot, random: Math.random })
    },
    execute: (call, sink) => engine.execute(call, sink),
    resolveKey: keys.resolve,
    admit: (app, tokensEstimate) => limiter.admit(settingsOf(app.name), tokensEstimate),
    limitHeaders: (app) => limiter.headers(settingsOf(app.name)),
    badKeys: createBadKeyThrottle(clock),
    listModels: (app, { wildcards }) => live.directory().list({ app, wildcards }),
    modelInfo: (app) => live.directory().modelInfo(app),
    suggestModel: (name) => live.directory().suggest(name),
    describeModel: (name, app) => modelCard(live.directory(), name, app),
    ready: () => true,
    dialects: routeDialects,
    responses: { store: store.responses, isKept: () => live.config().logs.responses, history: responsesHistory },
    readControls,
    onFailed: (event) => store.log.append(refusedRow(event)),
    onAnswered: (event) => store.log.append(loadedRow(event)),
    onBug: (error) => onNotice(`A bug in Spillway: ${describe(error)}`),
  }
}

/** The limits of each app by name, found without a search; read anew when the configuration changes. */
function createAppIndex(live: LiveConfig): (name: string) => AppSettings {
  const read = (): Map<string, AppSettings> => new Map(live.config().apps.map((app) => [app.name, app]))
  let byName = read()
  live.onChange(() => {
    byName = read()
  })
  return (name) => byName.get(name) ?? { ...NO_LIMITS, name }
}

const NO_LIMITS: Omit<AppSettings, 'name'> = {
  models: undefined,
  origins: [],
  rpm: undefined,
  tpm: undefined,
  maxParallelRequests: undefined,
}

function claim(dataDir: string): InstanceLock {
  const lock = claimDataDir(dataDir, process.pid)
  if (lock instanceof DataDirInUseError) throw new StartError(1, [lock.message])
  return lock
}

/** There is no state without a key unless the user chose it: the first start makes one and shows it once. */
async function createFirstKey(store: Store, onNotice: (text: string) => void): Promise<void> {
  if (store.keys.state === 'reset' || store.keys.state === 'unavailable') {
    onNotice('The stored keys cannot be read, so no key works. Make one with: spillway keys create NAME')
    return
  }
  const { key, sha256, last4 } = newAppKey(randomBytes)
  const created = await store.keys.create({ name: 'default', sha256, last4 })
  if (isFailure(created)) onNotice(created.message)
  else onNotice(`Your key (shown once): ${key}`)
}

function createScout({ options, live, engine }: Parts, ownPort: () => number | undefined): Scout {
  return createRunnerScout({
    clock: options.clock,
    env: options.env,
    probe: (url, limit) => engine.probe(url, limit),
    findProvider,
    ownPort,
    onChange: live.useRunners,
  })
}

async function firstLook(scout: Scout, clock: Clock): Promise<void> {
  scout.start()
  await Promise.race([scout.refresh(), clock.sleep(limits.firstLookMs)])
}

interface Running {
  readonly parts: Parts
  readonly server: GatewayServer
  readonly inProcess: InProcess
  readonly scout: Scout | undefined
}

async function closeAll({ parts, server, inProcess, scout }: Running, drainMs: number): Promise<void> {
  const { live, engine, store, lock } = parts
  scout?.stop()
  // A little longer than the engine's, so that the error that it ends an answer with still arrives.
  const patienceMs = drainMs + limits.drainGraceMs
  await Promise.all([server.close(patienceMs), inProcess.close(patienceMs), engine.drain(drainMs)])
  live.close()
  await engine.close()
  await store.close()
  lock.release()
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
