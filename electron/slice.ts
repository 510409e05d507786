import type { BrowserWindowConstructorOptions, MenuItemConstructorOptions } from 'electron'

/**
 * The part of Electron that the shell uses, written as narrow as it is used. `main.ts` hands the real Electron in,
 * which the compiler checks against Electron's own declarations; tests hand in a stand-in of the same shape.
 */
export interface ElectronSlice {
  readonly app: AppSlice
  readonly protocol: ProtocolSlice
  readonly clipboard: { writeText(text: string): void }
  readonly ipcMain: { handle(channel: string, answer: CallHandler): void }
  readonly defaultSession: () => SessionSlice
  readonly createWindow: (options: BrowserWindowConstructorOptions) => WindowSlice
  readonly createTray: (iconPng: Buffer) => TraySlice
}

export type CallHandler = (event: Caller, ...args: unknown[]) => Promise<unknown>

/** Who calls the bridge: what of Electron's invoke event is looked at. */
export interface Caller {
  readonly senderFrame: { readonly origin: string } | null
  readonly sender: { readonly id: number; readonly mainFrame: unknown }
}

/** An event whose default can be refused. */
export interface Preventable {
  preventDefault(): void
}

export interface AppSlice {
  readonly isPackaged: boolean
  enableSandbox(): void
  requestSingleInstanceLock(): boolean
  whenReady(): Promise<void>
  quit(): void
  exit(code?: number): void
  on(event: 'second-instance' | 'window-all-closed' | 'activate', listener: () => void): unknown
  on(event: 'before-quit', listener: (event: Preventable) => void): unknown
  on(event: 'web-contents-created', listener: (event: unknown, contents: ContentsSlice) => void): unknown
}

export interface ProtocolSlice {
  registerSchemesAsPrivileged(
    schemes: {
      readonly scheme: string
      readonly privileges: { readonly standard: boolean; readonly secure: boolean }
    }[],
  ): void
  handle(scheme: string, answer: (request: { readonly method: string; readonly url: string }) => Response): void
}

export interface ContentsSlice {
  setWindowOpenHandler(handler: () => { readonly action: 'deny' }): void
  on(
    event: 'will-navigate' | 'will-redirect' | 'will-frame-navigate' | 'will-attach-webview',
    listener: (event: Preventable) => void,
  ): unknown
}

export interface SessionSlice {
  setPermissionRequestHandler(
    handler: (contents: unknown, permission: string, answer: (isGranted: boolean) => void) => void,
  ): void
  setPermissionCheckHandler(handler: () => boolean): void
  setDevicePermissionHandler(handler: () => boolean): void
  setDisplayMediaRequestHandler(handler: (request: unknown, answer: (streams: object) => void) => void): void
  on(event: 'will-download', listener: (event: Preventable) => void): unknown
}

export interface WindowSlice {
  readonly webContents: { readonly id: number }
  loadURL(url: string): Promise<void>
  show(): void
  focus(): void
  removeMenu(): void
  isDestroyed(): boolean
}

export interface TraySlice {
  setToolTip(text: string): void
  setMenu(items: readonly TrayItem[]): void
}

/** One entry of the tray's menu, as far as ours go. */
export interface TrayItem extends Pick<MenuItemConstructorOptions, 'label' | 'enabled' | 'type'> {
  readonly click?: () => void
}
