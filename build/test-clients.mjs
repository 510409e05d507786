import { compile } from './compile.mjs'
import { at, main } from './lib/paths.mjs'
import { run } from './lib/spawn.mjs'
import { continueUnder, setUp } from './setup.mjs'

/** `npm run test:clients [-- NAME...]`: real client programs against Spillway as built. See clients/main.ts. */
await main(async () => {
  const here = await continueUnder(await setUp())
  if (here !== true) return here
  await compile(['gateway'])
  return run(process.execPath, [at('build', 'clients', 'main.ts'), ...process.argv.slice(2)])
})
