import type { BrowserWindowConstructorOptions } from 'electron'
import type {
  AppSlice,
  CallHandler,
  Caller,
  ContentsSlice,
  ElectronSlice,
  Preventable,
  ProtocolSlice,
  SessionSlice,
  TrayItem,
  TraySlice,
  WindowSlice,
} from './slice.ts'

/**
 * An Electron without Electron, for tests: keeps what the shell asked of it and lets a test play the user, a page
 * and an attacker. Typed by the same slice of Electron's own declarations that the shell uses.
 */
export class StandIn {
  /** What happened, in order, in short words. */
  readonly steps: string[] = []
  readonly handlers = new Map<string, CallHandler>()
  readonly windows: BrowserWindowConstructorOptions[] = []
  readonly copied: string[] = []
  menu: readonly TrayItem[] = []
  pages: Parameters<ProtocolSlice['handle']>[1] | undefined
  windowOpen: Parameters<ContentsSlice['setWindowOpenHandler']>[0] | undefined
  hasLock = true
  readonly #app = new AppStandIn(this)
  readonly #preventable = new Map<string, (event: Preventable) => void>()
  #permission: Parameters<SessionSlice['setPermissionRequestHandler']>[0] | undefined
  #permissionCheck: Parameters<SessionSlice['setPermissionCheckHandler']>[0] | undefined

  readonly electron: ElectronSlice = {
    app: this.#app,
    protocol: {
      registerSchemesAsPrivileged: () => void this.steps.push('scheme'),
      handle: (_scheme, handler) => void (this.pages = handler),
    },
    clipboard: { writeText: (text) => void this.copied.push(text) },
    ipcMain: { handle: (channel, handler) => void this.handlers.set(channel, handler) },
    defaultSession: () => this.#session(),
    createWindow: (options) => this.#window(options),
    createTray: () => this.#tray(),
  }

  /** The user starts the app a second time. */
  startAgain(): void {
    this.#app.plain.get('second-instance')?.()
  }

  /** True when the shell prevents this event of a page or of the session. */
  prevents(event: string): boolean {
    let isPrevented = false
    this.#preventable.get(event)?.({ preventDefault: () => (isPrevented = true) })
    return isPrevented
  }

  /** True when the page would get the permission. */
  grants(permission: string): boolean {
    let isGranted = false
    this.#permission?.({}, permission, (answer) => (isGranted = answer))
    return isGranted || this.#permissionCheck?.() === true
  }

  /** A page is made: its guards are attached. */
  openContents(): void {
    const contents: ContentsSlice = {
      setWindowOpenHandler: (handler) => void (this.windowOpen = handler),
      on: (event, listener) => void this.#preventable.set(event, listener),
    }
    this.#app.contentsCreated?.({}, contents)
  }

  /** Calls a channel as a page would. */
  async call(channel: string, caller: Caller, ...args: unknown[]): Promise<unknown> {
    const handler = this.handlers.get(channel)
    if (handler === undefined) throw new Error(`no handler for ${channel}`)
    return handler(caller, ...args)
  }

  #session(): SessionSlice {
    return {
      setPermissionRequestHandler: (handler) => void (this.#permission = handler),
      setPermissionCheckHandler: (handler) => void (this.#permissionCheck = handler),
      setDevicePermissionHandler: () => undefined,
      setDisplayMediaRequestHandler: () => undefined,
      on: (event, listener) => void this.#preventable.set(event, listener),
    }
  }

  #window(options: BrowserWindowConstructorOptions): WindowSlice {
    this.windows.push(options)
    return {
      webContents: { id: this.windows.length },
      loadURL: async (url) => {
        this.steps.push(`load ${url}`)
      },
      show: () => void this.steps.push('show'),
      focus: () => undefined,
      removeMenu: () => undefined,
      isDestroyed: () => false,
    }
  }

  #tray(): TraySlice {
    return { setToolTip: (text) => void this.steps.push(`tray: ${text}`), setMenu: (items) => void (this.menu = items) }
  }
}

class AppStandIn implements AppSlice {
  readonly isPackaged = true
  readonly plain = new Map<string, () => void>()
  contentsCreated: ((event: unknown, contents: ContentsSlice) => void) | undefined
  readonly #owner: StandIn
  #beforeQuit: ((event: Preventable) => void) | undefined

  constructor(owner: StandIn) {
    this.#owner = owner
  }

  on(event: 'second-instance' | 'window-all-closed' | 'activate', listener: () => void): void
  on(event: 'before-quit', listener: (event: Preventable) => void): void
  on(event: 'web-contents-created', listener: (event: unknown, contents: ContentsSlice) => void): void
  on(event: string, listener: (event: Preventable, contents: ContentsSlice) => void): void {
    if (event === 'before-quit') this.#beforeQuit = (asked) => listener(asked, NO_CONTENTS)
    else if (event === 'web-contents-created') this.contentsCreated = (_event, contents) => listener(NO_EVENT, contents)
    else this.plain.set(event, () => listener(NO_EVENT, NO_CONTENTS))
  }

  enableSandbox(): void {
    this.#owner.steps.push('sandbox')
  }

  requestSingleInstanceLock(): boolean {
    return this.#owner.hasLock
  }

  async whenReady(): Promise<void> {
    this.#owner.steps.push('ready')
  }

  quit(): void {
    this.#owner.steps.push('quit')
    this.#beforeQuit?.(NO_EVENT)
  }

  exit(code = 0): void {
    this.#owner.steps.push(`exit ${code}`)
  }
}

const NO_EVENT: Preventable = { preventDefault: () => undefined }
const NO_CONTENTS: ContentsSlice = { setWindowOpenHandler: () => undefined, on: () => undefined }
