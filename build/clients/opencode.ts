import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClientProgram, WriteCommand } from './client-program.ts'
import { noteCase } from './note-task.ts'

/** opencode, which has the AI SDK's providers built in and so speaks three wires. */
export const opencode: ClientProgram = {
  name: 'opencode',
  packages: ['opencode-ai@1.18.33'],
  cases: () => [
    noteCase('chat -> Ollama', 'on-ollama', writeWith('@ai-sdk/openai-compatible')),
    noteCase('chat -> Azure', 'on-azure', writeWith('@ai-sdk/openai-compatible')),
    noteCase('Messages -> Bedrock', 'on-bedrock', writeWith('@ai-sdk/anthropic')),
    noteCase('Responses -> Anthropic', 'on-anthropic', writeWith('@ai-sdk/openai')),
  ],
}

function writeWith(npm: string): WriteCommand {
  return async ({ gatewayUrl, key, packages, home, work }, model, task) => {
    const config = {
      autoupdate: false,
      share: 'disabled',
      permission: 'allow',
      provider: {
        spillway: {
          npm,
          name: 'Spillway',
          options: { baseURL: `${gatewayUrl}/v1`, apiKey: '{env:SPILLWAY_KEY}' },
          models: { [model]: { name: model } },
        },
      },
    }
    await writeFile(join(work, 'opencode.json'), JSON.stringify(config))
    return {
      command: join(packages, 'node_modules', '.bin', 'opencode'),
      args: ['run', '-m', `spillway/${model}`, task],
      env: {
        SPILLWAY_KEY: key,
        XDG_CONFIG_HOME: join(home, 'config'),
        XDG_DATA_HOME: join(home, 'data'),
        XDG_CACHE_HOME: join(home, 'cache'),
        XDG_STATE_HOME: join(home, 'state'),
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        OPENCODE_DISABLE_MODELS_FETCH: '1',
        OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
      },
    }
  }
}
