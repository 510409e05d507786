import { nodeBuild } from './lib/node-build.ts'

/** The gateway without Electron: the command line, the library, and the worker that writes the store. */
export default nodeBuild({
  cli: 'gateway/cli.ts',
  library: 'gateway/library.ts',
  'store-worker': 'gateway/store/store-worker.ts',
})
