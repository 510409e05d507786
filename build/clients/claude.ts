import { join } from 'node:path'
import { COUNTED_TOKENS } from '../../gateway/test/loops/model-server.ts'
import { runQuietly } from '../lib/spawn.mjs'
import { cleanEnvironment } from './clean-environment.ts'
import type { ClientCase, ClientProgram, World, WriteCommand } from './client-program.ts'
import { noteCase } from './note-task.ts'

const TIME_LIMIT_MS = 60_000

/** Anthropic's Claude Code, which speaks Messages and counts tokens. */
export const claude: ClientProgram = {
  name: 'claude',
  packages: ['@anthropic-ai/claude-code@2.1.330'],
  cases: () => [
    noteCase('Messages -> Anthropic', 'on-anthropic', writeCommand),
    noteCase('Messages -> Ollama', 'on-ollama', writeCommand),
    noteCase('Messages -> OpenAI chat', 'on-openai', writeCommand),
    noteCase('Messages -> Bedrock', 'on-bedrock', writeCommand),
    noteCase('Messages -> Gemini', 'on-gemini', writeCommand),
    countCase,
  ],
}

const writeCommand: WriteCommand = async (world, model, task) => ({
  command: programPath(world),
  args: ['-p', task, '--allowedTools', 'Bash'],
  env: environment(world, model),
})

/** `/context` asks how many tokens what the program holds has; the upstream's number must be in its table. */
const countCase: ClientCase = {
  name: 'count_tokens -> Anthropic',
  run: async (world) => {
    const env = { ...cleanEnvironment(world), ...environment(world, 'on-anthropic') }
    const options = { cwd: world.work, env, limitMs: TIME_LIMIT_MS }
    const { code, output } = await runQuietly(programPath(world), ['-p', '/context'], options)
    const line = output.split('\n').find((text) => text.includes(`| ${COUNTED_TOKENS} |`))
    if (code !== 0 || line === undefined) throw new Error(`It ended with ${code} and said:\n${output.slice(0, 800)}`)
    return line
  },
}

function programPath({ packages }: World): string {
  return join(packages, 'node_modules', '.bin', 'claude')
}

function environment({ gatewayUrl, key, home }: World, model: string): Record<string, string> {
  return {
    ANTHROPIC_BASE_URL: gatewayUrl,
    ANTHROPIC_AUTH_TOKEN: key,
    ANTHROPIC_MODEL: model,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
    CLAUDE_CONFIG_DIR: join(home, '.claude'),
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_TELEMETRY: '1',
  }
}
