import { join } from 'node:path'
import { BrowserWindow, Menu, Tray, app, clipboard, ipcMain, nativeImage, protocol, session } from 'electron'
import { createSystemClock } from '../gateway/kit/system-clock.ts'
import { createGatewayHost } from './gateway-host.ts'
import { openShell } from './shell.ts'
import type { ElectronSlice } from './slice.ts'
import { startHostedGateway } from './start-gateway.ts'

const electron: ElectronSlice = {
  app,
  protocol,
  clipboard,
  ipcMain,
  defaultSession: () => session.defaultSession,
  createWindow: (options) => new BrowserWindow(options),
  createTray: (iconPng) => {
    // The menu bar of macOS counts in points: at one pixel each, the icon would be taller than the bar.
    const scaleFactor = process.platform === 'darwin' ? 2 : 1
    const tray = new Tray(nativeImage.createFromBuffer(iconPng, { scaleFactor }))
    return {
      setToolTip: (text) => tray.setToolTip(text),
      setMenu: (items) => tray.setContextMenu(Menu.buildFromTemplate([...items])),
    }
  },
}

const onError = (why: string): void => void process.stderr.write(`${why}\n`)
const clock = createSystemClock()

/** `dist/electron/main.js` runs this; the window's page is built beside it. */
openShell(electron, {
  host: createGatewayHost((onNotice) => startHostedGateway(clock, onNotice)),
  clock,
  pages: join(import.meta.dirname, '..', 'renderer'),
  preload: join(import.meta.dirname, 'preload.cjs'),
  onError,
}).catch((error: unknown) => {
  onError(String(error))
  app.exit(1)
})
