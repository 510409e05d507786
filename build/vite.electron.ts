import { nodeBuild } from './lib/node-build.ts'

/** The desktop shell's main process, with the gateway inside and the store's worker beside it. */
export default nodeBuild({
  main: 'electron/main.ts',
  'store-worker': 'gateway/store/store-worker.ts',
})
