import { nodeBuild } from './lib/node-build.ts'

/** The gateway without Electron: the command line and the worker that writes the store. */
export default nodeBuild({
  cli: 'gateway/cli.ts',
  'store-worker': 'gateway/store/store-worker.ts',
})
