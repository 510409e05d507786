import type { BrowserWindowConstructorOptions } from 'electron'
import { APP_ORIGIN } from './pages.ts'
import type { ElectronSlice, WindowSlice } from './slice.ts'

export interface MainWindow {
  /** Opens the window, or brings the open one to the front. */
  show(): void
  /** The web contents that may call the bridge; undefined while no window is open. */
  contentsId(): number | undefined
}

/** What a page of ours may do: nothing but show itself and use the bridge. */
export function windowOptions(preload: string, isPackaged: boolean): BrowserWindowConstructorOptions {
  return {
    width: 960,
    height: 640,
    minWidth: 480,
    minHeight: 320,
    title: 'Spillway',
    autoHideMenuBar: true,
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      spellcheck: false,
      devTools: !isPackaged,
    },
  }
}

/** One window at most; closing it leaves the tray and the gateway running. */
export function setupWindow(electron: ElectronSlice, preload: string, onError: (why: string) => void): MainWindow {
  let open: WindowSlice | undefined
  const show = (): void => {
    if (open === undefined || open.isDestroyed()) {
      open = electron.createWindow(windowOptions(preload, electron.app.isPackaged))
      open.removeMenu()
      open.loadURL(`${APP_ORIGIN}/index.html`).catch((error: unknown) => onError(String(error)))
    }
    open.show()
    open.focus()
  }
  electron.app.on('activate', show)
  electron.app.on('second-instance', show)
  // Without a listener Electron would quit with the last window.
  electron.app.on('window-all-closed', () => undefined)
  return { show, contentsId: () => (open === undefined || open.isDestroyed() ? undefined : open.webContents.id) }
}
