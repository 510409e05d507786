import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout's root: every script works from here, whatever folder it was called from. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')
export const dist = join(root, 'dist')
export const modules = join(root, 'node_modules')

/** Joins parts below the root. */
export const at = (/** @type {string[]} */ ...parts) => join(root, ...parts)

/** Set-up chatter goes to stderr: stdout belongs to the program that is started in the end. */
export const say = (/** @type {string} */ line) => void process.stderr.write(`${line}\n`)

/** An error whose message is meant for the user, without a stack. */
export class SetupError extends Error {}

/** Runs a script's main part; a `SetupError` is printed as it is, anything else with its stack. Exits 1 on both. */
export async function main(/** @type {() => Promise<number | undefined>} */ work) {
  try {
    const code = await work()
    if (code !== undefined) process.exitCode = code
  } catch (error) {
    say(error instanceof SetupError ? error.message : String(error instanceof Error ? error.stack : error))
    process.exitCode = 1
  }
}
