import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClientProgram, WriteCommand } from './client-program.ts'
import { noteCase } from './note-task.ts'

/** OpenAI's Codex CLI, which speaks Responses and nothing else. */
export const codex: ClientProgram = {
  name: 'codex',
  packages: ['@openai/codex@0.169.0'],
  cases: () => [
    noteCase('Responses -> OpenAI Responses', 'on-verbatim', writeCommand),
    noteCase('Responses -> OpenAI chat', 'on-openai', writeCommand),
    noteCase('Responses -> vLLM', 'on-vllm', writeCommand),
    noteCase('Responses -> Anthropic', 'on-anthropic', writeCommand),
    noteCase('Responses -> Bedrock', 'on-bedrock', writeCommand),
    noteCase('Responses -> Gemini', 'on-gemini', writeCommand),
    noteCase('Responses -> Ollama', 'on-ollama', writeCommand),
  ],
}

const writeCommand: WriteCommand = async ({ gatewayUrl, key, packages, home }, model, task) => {
  await writeFile(
    join(home, 'config.toml'),
    `model = "${model}"
model_provider = "spillway"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.spillway]
name = "Spillway"
base_url = "${gatewayUrl}/v1"
wire_api = "responses"
env_key = "SPILLWAY_KEY"
request_max_retries = 0
stream_max_retries = 0
`,
  )
  return {
    command: join(packages, 'node_modules', '.bin', 'codex'),
    args: ['exec', '--skip-git-repo-check', task],
    env: { CODEX_HOME: home, SPILLWAY_KEY: key },
  }
}
