import type { DesktopStatus } from '../gateway/contract/desktop.ts'
import type { GatewayHost } from './gateway-host.ts'
import { drawIcon } from './icon.ts'
import type { ElectronSlice, TrayItem } from './slice.ts'

export interface TrayActions {
  copyBaseUrl(): void
  showWindow(): void
  quit(): void
}

const TRAY_ICON_PX = 32

/** The icon in the tray; its menu follows the gateway's status. */
export function setupTray(electron: ElectronSlice, host: GatewayHost, actions: TrayActions): void {
  const tray = electron.createTray(drawIcon(TRAY_ICON_PX))
  const refresh = (): void => {
    const status = host.status()
    tray.setToolTip(statusLine(status))
    tray.setMenu(trayMenu(status, actions))
  }
  host.onChange(refresh)
  refresh()
}

/** The menu for a status: what cannot be done now is there, but grey. */
export function trayMenu(status: DesktopStatus, actions: TrayActions): TrayItem[] {
  return [
    { label: statusLine(status), enabled: false },
    { type: 'separator' },
    { label: 'Copy base URL', enabled: status.state === 'serving', click: () => actions.copyBaseUrl() },
    { label: 'Dashboard', click: () => actions.showWindow() },
    { type: 'separator' },
    { label: 'Quit Spillway', click: () => actions.quit() },
  ]
}

/** One line for the menu and the tooltip. */
export function statusLine(status: DesktopStatus): string {
  if (status.state === 'starting') return 'Spillway is starting'
  if (status.state === 'serving') return `Spillway serves ${status.baseUrl}`
  return `Spillway could not start: ${status.why}`
}
