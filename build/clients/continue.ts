import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClientProgram, World, WriteCommand } from './client-program.ts'
import { noteCase } from './note-task.ts'

/** Continue's CLI, as its editor plugins a client of many wires. */
export const continueCli: ClientProgram = {
  name: 'continue',
  packages: ['@continuedev/cli@1.5.47'],
  cases: () => [
    noteCase(
      'chat -> Anthropic',
      'on-anthropic',
      writeWith('openai', ({ gatewayUrl }) => `${gatewayUrl}/v1`),
    ),
    noteCase(
      'Messages -> OpenAI chat',
      'on-openai',
      writeWith('anthropic', ({ gatewayUrl }) => `${gatewayUrl}/v1`),
    ),
    noteCase(
      'Ollama -> Azure',
      'on-azure',
      writeWith('ollama', ({ gatewayUrl }) => gatewayUrl),
    ),
  ],
}

function writeWith(provider: string, baseOf: (world: World) => string): WriteCommand {
  return async (world, model, task) => {
    const { key, packages, home } = world
    const config = join(home, 'config.yaml')
    await writeFile(
      config,
      `name: Spillway
version: 0.0.1
schema: v1
models:
  - name: spillway
    provider: ${provider}
    model: ${model}
    apiBase: ${baseOf(world)}
    apiKey: ${key}
    roles: [chat]
    capabilities: [tool_use]
`,
    )
    return {
      command: join(packages, 'node_modules', '.bin', 'cn'),
      args: ['--config', config, '--auto', '-p', task],
      env: {
        CONTINUE_GLOBAL_DIR: join(home, '.continue'),
        CONTINUE_CLI_ENABLE_TELEMETRY: '0',
        CONTINUE_METRICS_ENABLED: '0',
        CONTINUE_TELEMETRY_ENABLED: '0',
      },
    }
  }
}
