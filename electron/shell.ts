import type { Clock } from '../gateway/contract/clock.ts'
import type { DesktopBridge } from '../gateway/contract/desktop.ts'
import { limits } from '../gateway/contract/limits.ts'
import type { GatewayHost } from './gateway-host.ts'
import { setupNavigation, setupPermissions, setupSandbox } from './hardening.ts'
import { setupIpc } from './ipc.ts'
import { setupPages } from './pages.ts'
import type { ElectronSlice } from './slice.ts'
import { setupTray } from './tray.ts'
import { setupWindow } from './window.ts'

export interface ShellOptions {
  readonly host: GatewayHost
  readonly clock: Clock
  /** Folder of the built window. */
  readonly pages: string
  /** The built preload script. */
  readonly preload: string
  readonly onError: (why: string) => void
}

/** Puts the desktop app together; what must come before `ready` comes before it. */
export async function openShell(electron: ElectronSlice, options: ShellOptions): Promise<void> {
  const { app } = electron
  const { host } = options
  if (!app.requestSingleInstanceLock()) {
    app.quit()
    return
  }
  setupSandbox(electron)
  setupNavigation(electron)
  setupQuit(electron, host)
  await app.whenReady()
  setupPermissions(electron)
  setupPages(electron, options.pages)
  const window = setupWindow(electron, options.preload, options.onError)
  const copyBaseUrl = (): void => {
    const status = host.status()
    if (status.state === 'serving') electron.clipboard.writeText(status.baseUrl)
  }
  const bridge: DesktopBridge = {
    status: async () => host.status(),
    recentRequests: (limit) => host.recentRequests(limit),
    copyBaseUrl: async () => copyBaseUrl(),
  }
  setupIpc(electron, bridge, { clock: options.clock, contentsId: () => window.contentsId() })
  setupTray(electron, host, { copyBaseUrl, showWindow: () => window.show(), quit: () => app.quit() })
  await host.start()
}

/** Quitting waits until running answers are finished and the log is written. */
function setupQuit({ app }: ElectronSlice, host: GatewayHost): void {
  let isClosing = false
  app.on('before-quit', (event) => {
    event.preventDefault()
    if (isClosing) return
    isClosing = true
    host.close(limits.drainMs).then(
      () => app.exit(0),
      () => app.exit(1),
    )
  })
}
