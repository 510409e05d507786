import * as nodeModule from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compile } from './compile.mjs'
import { at, dist, main, say } from './lib/paths.mjs'
import { openTray } from './lib/tray.mjs'
import { continueUnder, setUp } from './setup.mjs'

/**
 * Sets up, builds what is stale, and runs: the tray app when nothing else is asked and a desktop is there, else
 * the command line. The command line runs in this very process, so that it gets every signal itself and is ready
 * as early as it can be.
 */
await main(async () => {
  const here = await continueUnder(await setUp())
  if (here !== true) return here
  const args = process.argv.slice(2)
  if (args.length === 0) {
    const tray = await openTray()
    if (tray.code !== undefined) return tray.code
    say(`Without the tray app: ${tray.why} Serving headless.`)
  }
  await compile(['gateway'])
  // Compiled code is kept between starts: it saves about a third of the time to be ready.
  nodeModule.enableCompileCache?.(join(dist, 'compile-cache'))
  const cli = at('dist', 'gateway', 'cli.js')
  process.argv = [process.execPath, cli, ...(args.length === 0 ? ['serve'] : args)]
  await import(pathToFileURL(cli).href)
  return undefined
})
