import { parentPort, workerData } from 'node:worker_threads'
import { createSystemClock } from '../kit/system-clock.ts'
import type { StoreCall, StoreSettings } from './protocol.ts'
import { createStoreCore } from './store-core.ts'

/** The worker thread's entry: SQLite blocks its thread, so it gets one of its own. */
if (parentPort === null) throw new Error('store-worker runs only as a worker thread')
const port = parentPort

/** Set by worker-link, which is the only one to start this file. */
const settings: StoreSettings = workerData

const core = createStoreCore({
  settings,
  clock: createSystemClock(),
  send: (message) => port.postMessage(message),
})
// Sent by worker-link, which is typed by the same protocol.
port.on('message', (call: StoreCall) => core.handle(call))
