import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../gateway/contract/clock.ts'
import { defaultDataDir } from '../gateway/store/data-dir.ts'
import type { HostedGateway } from './gateway-host.ts'

/**
 * Starts the gateway inside this process, with the data folder's `spillway.yaml` where there is one. Imported late:
 * the tray is there before the gateway has been read.
 */
export async function startHostedGateway(clock: Clock, onNotice: (text: string) => void): Promise<HostedGateway> {
  const { createGateway } = await import('../gateway/gateway.ts')
  const dataDir = defaultDataDir({ platform: process.platform, env: process.env, home: homedir() })
  const configPath = join(dataDir, 'spillway.yaml')
  return createGateway({
    dataDir,
    configPath: existsSync(configPath) ? configPath : undefined,
    port: undefined,
    env: process.env,
    clock,
    onNotice,
  })
}
