import type { Provider } from '../contract/provider.ts'
import { anthropic } from './anthropic.ts'
import { azure, azureAi } from './azure.ts'
import { bedrockMantle, bedrockOpenai } from './bedrock-openai.ts'
import { bedrock } from './bedrock.ts'
import { cohere } from './cohere.ts'
import { echo } from './echo.ts'
import { gemini } from './gemini.ts'
import { groq } from './groq.ts'
import { huggingface } from './huggingface.ts'
import { llamacpp } from './llamacpp.ts'
import { lmstudio } from './lmstudio.ts'
import { mistral } from './mistral.ts'
import { ollama } from './ollama.ts'
import { openai } from './openai.ts'
import { presets } from './presets.ts'
import { sglang } from './sglang.ts'
import { tgi } from './tgi.ts'
import { vertex } from './vertex.ts'
import { vllm } from './vllm.ts'

/** Providers with a file of their own. A new one is a line here, a file, and a folder of fixtures. */
const ownFiles: readonly Provider[] = [
  anthropic,
  azure,
  azureAi,
  bedrock,
  bedrockMantle,
  bedrockOpenai,
  cohere,
  echo,
  gemini,
  groq,
  huggingface,
  llamacpp,
  lmstudio,
  mistral,
  ollama,
  openai,
  sglang,
  tgi,
  vertex,
  vllm,
]

/** Every provider, sorted by id. */
export const providers: readonly Provider[] = [...ownFiles, ...presets].toSorted((a, b) => (a.id < b.id ? -1 : 1))

const byName: ReadonlyMap<string, Provider> = new Map(
  providers.flatMap((provider) => [provider.id, ...provider.aliases].map((name) => [name, provider] as const)),
)

/** The provider behind a prefix of `provider/model`, whether it is the id or an alias. */
export function findProvider(idOrAlias: string): Provider | undefined {
  return byName.get(idOrAlias)
}
