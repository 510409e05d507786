import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

const POLL_MS = 100
/** A lock file without a readable owner is in the middle of being written; older than this it was left behind. */
const UNOWNED_MS = 5_000

/**
 * Runs `work` while no other process of this checkout does. The lock is a file that names its owner's process id,
 * so a lock left by a killed process is taken over at once. `onWait` is called once when another one holds it.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {() => void} [onWait]
 * @returns {Promise<T>}
 */
export async function withLock(file, work, onWait) {
  mkdirSync(dirname(file), { recursive: true })
  let told = false
  while (!tryTake(file)) {
    if (!told) onWait?.()
    told = true
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  const release = () => rmSync(file, { force: true })
  process.once('exit', release)
  try {
    return await work()
  } finally {
    process.removeListener('exit', release)
    release()
  }
}

/** @param {string} file */
function tryTake(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (!isCode(error, 'EEXIST', 'EPERM', 'EBUSY')) throw error
  }
  const owner = readOwner(file)
  if (owner !== undefined && !isAlive(owner)) takeAway(file, owner)
  return false
}

/**
 * Moves a dead owner's lock aside. Two waiters may both get here: the second one then holds the first one's new
 * lock in its hand, sees the living owner in it and puts it back.
 * @param {string} file
 * @param {number} owner
 */
function takeAway(file, owner) {
  const aside = `${file}.${process.pid}`
  try {
    renameSync(file, aside)
    if (readOwner(aside) === owner) rmSync(aside, { force: true })
    else renameSync(aside, file)
  } catch (error) {
    if (!isCode(error, 'ENOENT', 'EPERM', 'EBUSY')) throw error
  }
}

/**
 * The process id in the lock, 0 for a lock that was never completed, undefined when it is gone or being written.
 * @param {string} file
 */
function readOwner(file) {
  try {
    const owner = Number(readFileSync(file, 'utf8'))
    if (owner > 0) return owner
    return Date.now() - statSync(file).mtimeMs > UNOWNED_MS ? 0 : undefined
  } catch {
    return undefined
  }
}

/** @param {number} pid */
function isAlive(pid) {
  if (pid === 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return isCode(error, 'EPERM')
  }
}

/** @param {unknown} error @param {string[]} codes */
function isCode(error, ...codes) {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
