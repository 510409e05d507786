import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, dirname } from 'node:path'
import { runQuietly } from '../lib/spawn.mjs'

const INSTALL_MS = 300_000
const TAIL_CHARS = 600

/** Installs packages into a folder of their own; rejects with what npm said. */
export async function installPackages(folder: string, packages: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  // Newer npm runs the scripts of packages only where they are named; two of these programs put their binary in place so.
  const allowScripts = Object.fromEntries(packages.map((spec) => [spec.replace(/@[^@/]+$/, ''), true]))
  await writeFile(`${folder}/package.json`, JSON.stringify({ private: true, allowScripts }))
  const [command, ...before] = npmCommand()
  // This project's own .npmrc forbids scripts, and `npm run` hands that on in the environment.
  const args = [
    ...before,
    'install',
    '--ignore-scripts=false',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    ...packages,
  ]
  const env = { ...process.env, PATH: pathWithNode() }
  const { code, output } = await runQuietly(command, args, { cwd: folder, env, limitMs: INSTALL_MS })
  if (code !== 0) throw new Error(`npm could not install ${packages.join(' ')}: ${output.trim().slice(-TAIL_CHARS)}`)
}

/** The path, with this Node.js before any other: the programs are run by what runs us. */
export function pathWithNode(): string {
  return [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter)
}

function npmCommand(): [string, ...string[]] {
  const script = process.env['npm_execpath']
  if (script !== undefined && /npm-cli\.c?js$/.test(script)) return [process.execPath, script]
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm']
}
