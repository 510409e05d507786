import { compile } from './compile.mjs'
import { at, main, modules, say } from './lib/paths.mjs'
import { run } from './lib/spawn.mjs'
import { continueUnder, setUp } from './setup.mjs'
import { join } from 'node:path'

/**
 * Sets up, builds, checks the types and runs the tests. Arguments go to vitest (`npm test -- gateway/kit`).
 * With SPILLWAY_TEST_REPORT=FILE the results are written there as JSON too.
 */
await main(async () => {
  const here = await continueUnder(await setUp())
  if (here !== true) return here
  await compile()
  say('Types...')
  const types = await run(process.execPath, [join(modules, 'typescript', 'bin', 'tsc'), '-b'], { cwd: at() })
  const report = process.env.SPILLWAY_TEST_REPORT
  const reporters = report ? ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`] : []
  const vitest = [join(modules, 'vitest', 'vitest.mjs'), 'run', ...reporters, ...process.argv.slice(2)]
  const tests = await run(process.execPath, vitest, { cwd: at() })
  if (types !== 0) say('The types do not hold: see above the tests.')
  return types === 0 ? tests : types
})
