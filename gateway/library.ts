import { randomBytes } from 'node:crypto'
import { newAppKey } from './accounts/keys.ts'
import { nodeProblem, OLDEST_NODE } from './commands/node-version.ts'
import type { GatewayConfig } from './contract/config.ts'
import { limits } from './contract/limits.ts'
import type { ComposedGateway, GatewayOptions as InnerOptions } from './gateway.ts'
import { createSystemClock } from './kit/system-clock.ts'
import { OBJECT_NAME, objectText } from './object-config.ts'
import type { SpillwayConfig } from './spillway-config.ts'
import { StartError } from './start-error.ts'
import type { StoredRequest } from './store/log-query.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'

export { StartError }
export type { Diagnostic } from './contract/diagnostic.ts'
export type { AttemptLog, RequestLog } from './contract/request-log.ts'
export type { GatewayConfig, SpillwayConfig, StoredRequest }

/** What a gateway is made of; everything may be left out. */
export interface GatewayOptions {
  /**
   * The path of a `spillway.yaml` (or of LiteLLM's `config.yaml`), which is read again after every edit, or an object
   * with the keys of `spillway.yaml`. Without either the models of the runners on this machine are served.
   */
  readonly config?: string | SpillwayConfig
  /** The text of such a file, in place of `config`. */
  readonly configText?: string
  /**
   * Where the log, app keys and stored responses are kept; one gateway at a time may use it. Without it they are in a
   * private temporary folder, which is removed by `close()` and, where that was forgotten, when the process exits.
   */
  readonly dataDir?: string
  /** Where `os.environ/NAME`, the providers' usual variables and `SPILLWAY_KEY` are looked up; `process.env` when absent. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** For `listen()`, before the configuration's; 0 takes a free one. */
  readonly port?: number
  /** Takes a line for the person who runs the program. When absent it becomes a warning of the process. */
  readonly onNotice?: (text: string) => void
}

/** A gateway inside this program. */
export interface Gateway {
  /**
   * The standard `fetch`, for the `fetch` option of the official SDKs: requests are served in this process, without a
   * socket. Any `http` or `https` URL is taken and only its path counts, so a client may have the base URL
   * `http://spillway/v1`. No key is needed; those that a client sends are left out. In the log and under `apps` of the
   * configuration the caller is `program`. Fails with a `TypeError` once the gateway is closed.
   */
  readonly fetch: typeof globalThis.fetch
  /**
   * Serves other programs too, on loopback only; gives where, with a key that works as long as this gateway runs.
   * Called again it gives the same. Throws {@link StartError} when the port is taken.
   *
   * @param port before that of the options and of the configuration; 0 takes a free one.
   */
  readonly listen: (port?: number) => Promise<Listening>
  /** The newest rows of the log, oldest first: what happened to each request, where, and why there. */
  readonly recentRequests: (limit: number) => Promise<readonly StoredRequest[]>
  /** The configuration in force. */
  readonly config: () => GatewayConfig
  /**
   * Lets running answers finish for at most `drainMs` (ten seconds when absent), then ends them with an error. After it
   * nothing is left that would keep the process alive.
   */
  readonly close: (drainMs?: number) => Promise<void>
}

/** Where a gateway listens. */
export interface Listening {
  /** `http://127.0.0.1:N`; OpenAI's clients want `/v1` behind it. */
  readonly url: string
  /** Kept nowhere but in memory. */
  readonly key: string
}

/**
 * A whole gateway inside this program. Nothing listens until `listen()` is called.
 *
 * @throws StartError when the configuration is wrong (its `diagnostics` say what and where), the folder is in use, or
 * Node is too old.
 */
export async function createGateway(options: GatewayOptions = {}): Promise<Gateway> {
  if (nodeProblem(process.versions.node) !== undefined) {
    throw new StartError(1, [`Spillway needs Node ${OLDEST_NODE} or later, and this is ${process.versions.node}.`])
  }
  const folder = options.dataDir === undefined ? makeTemporaryFolder() : undefined
  try {
    const key = newAppKey(randomBytes)
    // Imported only now: on a Node that is too old the storage would crash the process instead of failing.
    const { composeGateway, PROGRAM } = await import('./gateway.ts')
    const composed = await composeGateway({
      ...sourceOf(options),
      dataDir: options.dataDir ?? folder?.path ?? '',
      port: options.port,
      env: options.env ?? process.env,
      clock: createSystemClock(),
      onNotice: options.onNotice ?? ((text) => process.emitWarning(text, 'SpillwayWarning')),
      ephemeralKeys: [{ ...PROGRAM, sha256: key.sha256 }],
    })
    try {
      await composed.look()
    } catch (error) {
      await composed.close(0)
      throw error
    }
    return face(composed, { key: key.key, port: options.port, leave: () => folder?.remove() })
  } catch (error) {
    folder?.remove()
    throw error
  }
}

interface Holding {
  readonly key: string
  readonly port: number | undefined
  /** Removes what was made for this gateway alone. */
  readonly leave: () => void
}

/** What the program sees of a gateway. */
function face(composed: ComposedGateway, { key, port, leave }: Holding): Gateway {
  let listening: Promise<Listening> | undefined
  let closing: Promise<void> | undefined

  const bind = async (asked: number | undefined): Promise<Listening> => {
    const { url } = await composed.listen(asked ?? port)
    return { url, key }
  }
  const end = async (drainMs: number): Promise<void> => {
    // A port that is only just being bound would stay open.
    await listening?.catch(() => undefined)
    await composed.close(drainMs)
    leave()
  }
  return {
    fetch: composed.fetch,
    config: composed.config,
    recentRequests: composed.recentRequests,
    listen: async (asked) => {
      if (closing !== undefined) throw new StartError(1, ['The gateway is closed.'])
      listening ??= bind(asked)
      try {
        return await listening
      } catch (error) {
        listening = undefined
        throw error
      }
    },
    close: (drainMs = limits.drainMs) => {
      // Asked again it waits for the same end, which a shorter time brings about sooner.
      if (closing !== undefined) void composed.close(drainMs)
      return (closing ??= end(drainMs))
    },
  }
}

function sourceOf({ config, configText: text }: GatewayOptions): Pick<InnerOptions, 'configPath' | 'configText'> {
  if (config !== undefined && text !== undefined) {
    throw new StartError(2, ['A gateway has one configuration: give either config or configText.'])
  }
  if (text !== undefined) return { configPath: 'configText', configText: { text } }
  if (config === undefined || typeof config === 'string') return { configPath: config }
  return { configPath: OBJECT_NAME, configText: objectText(config) }
}
