import { join } from 'node:path'
import { at, main, modules, say } from './lib/paths.mjs'
import { run } from './lib/spawn.mjs'
import { continueUnder, setUp } from './setup.mjs'

/** Every check that needs no running program; all of them run, so that one call shows all there is to mend. */
const CHECKS = /** @type {const} */ ([
  ['lint', [join(modules, 'oxlint', 'bin', 'oxlint'), '--max-warnings=0']],
  ['format', [join(modules, 'oxfmt', 'bin', 'oxfmt'), '--check']],
  ['types', [join(modules, 'typescript', 'bin', 'tsc'), '-b']],
  ['floors', [join(modules, 'vitest', 'vitest.mjs'), 'run', 'gateway/floors.test.ts']],
])

await main(async () => {
  const here = await continueUnder(await setUp())
  if (here !== true) return here
  /** @type {string[]} */
  const failed = []
  for (const [name, command] of CHECKS) {
    say(`Check: ${name}`)
    if ((await run(process.execPath, [...command], { cwd: at() })) !== 0) failed.push(name)
  }
  say(failed.length === 0 ? 'All checks passed.' : `Failed: ${failed.join(', ')}.`)
  return failed.length === 0 ? 0 : 1
})
