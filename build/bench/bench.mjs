import { join } from 'node:path'
import { compile } from '../compile.mjs'
import { at, main, say } from '../lib/paths.mjs'
import { run } from '../lib/spawn.mjs'
import { continueUnder, setUp } from '../setup.mjs'

/** `npm run bench [-- --quick --peers --json]`: see main.ts. */
await main(async () => {
  const here = await continueUnder(await setUp())
  if (here !== true) return here
  try {
    await compile(['gateway'])
  } catch (error) {
    say(`Spillway could not be built and is left out: ${String(error).split('\n')[0]}`)
  }
  return run(process.execPath, [join(at('build', 'bench'), 'main.ts'), ...process.argv.slice(2)])
})
