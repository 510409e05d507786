import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile } from '../compile.mjs'
import { at, modules, say } from './paths.mjs'
import { run, runQuietly } from './spawn.mjs'

/** Whether the download's host answers at all: known within a few seconds, or there is no tray app today. */
const PROBE_MS = 3_000
/** About 110 MB; who waits longer than this would rather have the server now. */
const DOWNLOAD_MS = 240_000
/** A shell that ends with an error so soon could not open (no display server, a sandbox that is not allowed). */
const EARLY_MS = 8_000

/**
 * Opens the tray app and gives its exit code when it has ended, or the reason why there is none here.
 * @returns {Promise<{ code: number, why?: undefined } | { code?: undefined, why: string }>}
 */
export async function openTray() {
  const without = whyNoDesktop()
  if (without !== undefined) return { why: without }
  const electron = electronPath() ?? (await download())
  if (electron === undefined) return { why: 'the Electron runtime is not here and could not be downloaded.' }
  await compile(['electron', 'renderer'])
  const startedAt = Date.now()
  const code = await run(electron, [at()])
  if (code !== 0 && Date.now() - startedAt < EARLY_MS) return { why: `it could not open (exit code ${code}).` }
  return { code }
}

/** Undefined on a desktop, else the reason why a tray app cannot be opened. */
export function whyNoDesktop(env = process.env, platform = process.platform, userId = process.getuid?.()) {
  if (env.CI !== undefined && env.CI !== '' && env.CI !== 'false') return 'this is a CI machine.'
  if (platform === 'darwin' || platform === 'win32') return undefined
  if (!env.DISPLAY && !env.WAYLAND_DISPLAY) return 'there is no display (DISPLAY and WAYLAND_DISPLAY are not set).'
  if (userId === 0) return "Chromium's sandbox does not run as root."
  return undefined
}

function electronPath() {
  try {
    const path = readFileSync(join(modules, 'electron', 'path.txt'), 'utf8')
    const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(modules, 'electron', 'dist')
    const electron = join(folder, path)
    return existsSync(electron) ? electron : undefined
  } catch {
    return undefined
  }
}

async function download() {
  const installer = join(modules, 'electron', 'install.js')
  if (!existsSync(installer)) return undefined
  if (!(await isReachable())) return undefined
  say('Downloading the Electron runtime (once, about 110 MB)...')
  const { code } = await runQuietly(process.execPath, [installer], { cwd: at(), limitMs: DOWNLOAD_MS })
  return code === 0 ? electronPath() : undefined
}

async function isReachable() {
  const mirror = process.env.ELECTRON_MIRROR ?? process.env.npm_config_electron_mirror ?? 'https://github.com/'
  try {
    await fetch(mirror, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(PROBE_MS) })
    return true
  } catch {
    return false
  }
}
