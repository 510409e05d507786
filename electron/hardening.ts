import type { ElectronSlice } from './slice.ts'

const NAVIGATION = ['will-navigate', 'will-redirect', 'will-frame-navigate', 'will-attach-webview'] as const

/** Before the app is ready: every renderer in a sandbox, and our pages' scheme is a secure origin of its own. */
export function setupSandbox({ app, protocol }: ElectronSlice): void {
  app.enableSandbox()
  protocol.registerSchemesAsPrivileged([{ scheme: 'spillway', privileges: { standard: true, secure: true } }])
}

/** No page leaves its place: no navigation, no new window, no embedded one, whatever a script or a drop asks. */
export function setupNavigation({ app }: ElectronSlice): void {
  app.on('web-contents-created', (_event, contents) => {
    for (const event of NAVIGATION) contents.on(event, (attempt) => attempt.preventDefault())
    contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  })
}

/** Electron grants what nobody refuses: the window needs no camera, no device, no notification and no download. */
export function setupPermissions({ defaultSession }: ElectronSlice): void {
  const session = defaultSession()
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  session.setDisplayMediaRequestHandler((_request, answer) => answer({}))
  session.on('will-download', (event) => event.preventDefault())
}
