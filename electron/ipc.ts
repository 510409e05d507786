import type { Clock } from '../gateway/contract/clock.ts'
import type { DesktopBridge } from '../gateway/contract/desktop.ts'
import { limits } from '../gateway/contract/limits.ts'
import { APP_ORIGIN } from './pages.ts'
import type { Caller, ElectronSlice } from './slice.ts'

/** How a call's arguments are checked: gives them typed, or undefined when they are not what the call takes. */
type ArgumentCheck<Arguments> = (args: readonly unknown[]) => Arguments | undefined

const CHECKS: { readonly [Call in keyof DesktopBridge]: ArgumentCheck<Parameters<DesktopBridge[Call]>> } = {
  status: none,
  copyBaseUrl: none,
  recentRequests: (args) => {
    const [limit] = args
    const isLimit = typeof limit === 'number' && Number.isInteger(limit) && limit > 0 && limit <= limits.desktopRows
    return args.length === 1 && isLimit ? [limit] : undefined
  },
}

/** The channel that carries a call. */
export const channelOf = (call: keyof DesktopBridge): string => `spillway:${call}`

export interface IpcRules {
  readonly clock: Clock
  /** The one web contents that may call; undefined while there is none. */
  readonly contentsId: () => number | undefined
}

/**
 * Connects the bridge: each call is answered only for the top frame of our own window on our own origin, with
 * arguments as declared, and only so often per second. Everything else is refused with one and the same error.
 */
export function setupIpc({ ipcMain }: ElectronSlice, bridge: DesktopBridge, rules: IpcRules): void {
  const isTooOften = createRateLimit(rules.clock)
  const connect = <Call extends keyof DesktopBridge>(
    call: Call,
    answer: (...args: Parameters<DesktopBridge[Call]>) => Promise<unknown>,
  ): void => {
    ipcMain.handle(channelOf(call), async (event, ...args: unknown[]) => {
      if (!isOurWindow(event, rules.contentsId()) || isTooOften()) throw new Error('refused')
      const checked = CHECKS[call](args)
      if (checked === undefined) throw new Error('refused')
      return answer(...checked)
    })
  }
  connect('status', () => bridge.status())
  connect('recentRequests', (limit) => bridge.recentRequests(limit))
  connect('copyBaseUrl', () => bridge.copyBaseUrl())
}

function isOurWindow(event: Caller, contentsId: number | undefined): boolean {
  const frame = event.senderFrame
  if (frame === null || contentsId === undefined) return false
  return event.sender.id === contentsId && frame === event.sender.mainFrame && frame.origin === APP_ORIGIN
}

function createRateLimit(clock: Clock): () => boolean {
  let second = 0
  let calls = 0
  return () => {
    const now = Math.floor(clock.monotonicMs() / 1_000)
    calls = now === second ? calls + 1 : 1
    second = now
    return calls > limits.desktopCallsPerSecond
  }
}

function none(args: readonly unknown[]): [] | undefined {
  return args.length === 0 ? [] : undefined
}
