import { join } from 'node:path'
import type { ClientProgram, WriteCommand } from './client-program.ts'
import { noteCase } from './note-task.ts'

/** Qwen Code, an agent that speaks OpenAI's chat, as Gemini's CLI does Gemini's. */
export const qwen: ClientProgram = {
  name: 'qwen',
  packages: ['@qwen-code/qwen-code@0.24.4'],
  cases: () => [
    noteCase('chat -> Gemini', 'on-gemini', writeCommand),
    noteCase('chat -> Bedrock', 'on-bedrock', writeCommand),
  ],
}

const writeCommand: WriteCommand = async ({ gatewayUrl, key, packages }, model, task) => ({
  command: join(packages, 'node_modules', '.bin', 'qwen'),
  args: ['--yolo', '--auth-type', 'openai', '--prompt', task],
  env: {
    OPENAI_BASE_URL: `${gatewayUrl}/v1`,
    OPENAI_API_KEY: key,
    OPENAI_MODEL: model,
    QWEN_TELEMETRY_ENABLED: 'false',
    QWEN_CODE_DISABLE_AUTO_UPDATE: '1',
  },
})
