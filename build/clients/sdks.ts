import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { aiLoops, bundledAiLoops } from '../../gateway/test/loops/ai-loops.ts'
import { anthropicLoops } from '../../gateway/test/loops/anthropic-loops.ts'
import { UPSTREAM_MODELS } from '../../gateway/test/loops/gateway-text.ts'
import { langchainLoops } from '../../gateway/test/loops/langchain-loops.ts'
import { ollamaLoops, typedOllamaLoop } from '../../gateway/test/loops/ollama-loops.ts'
import { KEPT_BY_UPSTREAM, openaiLoops, openaiPreviousLoop } from '../../gateway/test/loops/openai-loops.ts'
import type { LanguageModel } from 'ai'
import type { ClientProgram } from './client-program.ts'
import { loopCase } from './loop-case.ts'

const keptHere = UPSTREAM_MODELS.filter((model) => !KEPT_BY_UPSTREAM.has(model))

/** The SDKs, against the build: their versions are those of the development tools. */
export const sdks: readonly ClientProgram[] = [
  {
    name: 'openai',
    packages: [],
    cases: () => [...openaiLoops.map((loop) => loopCase(loop)), loopCase(openaiPreviousLoop, keptHere)],
  },
  { name: 'anthropic', packages: [], cases: () => anthropicLoops.map((loop) => loopCase(loop)) },
  { name: 'ollama', packages: [], cases: () => [...ollamaLoops, typedOllamaLoop].map((loop) => loopCase(loop)) },
  { name: 'ai', packages: [], cases: () => bundledAiLoops.map((loop) => loopCase(loop)) },
  { name: 'langchain', packages: [], cases: () => langchainLoops.map((loop) => loopCase(loop)) },
  {
    name: 'ai-openai',
    packages: ['@ai-sdk/openai@4.0.118', 'zod@4.6.7'],
    cases: async (packages) => {
      const create = await aiOpenai(packages)
      const loops = (['chat', 'responses'] as const).flatMap((wire) =>
        aiLoops(`@ai-sdk/openai ${wire}`, ({ url, key, model }) =>
          create({ baseURL: `${url}/v1`, apiKey: key })[wire](model),
        ),
      )
      return loops.map((loop) => loopCase(loop))
    },
  },
]

type CreateOpenai = (options: {
  readonly baseURL: string
  readonly apiKey: string
}) => Record<'chat' | 'responses', (model: string) => LanguageModel>

/** The package is not among ours, so its types are not either: only what is used here is stated. */
async function aiOpenai(packages: string): Promise<CreateOpenai> {
  const entry = join(packages, 'node_modules', '@ai-sdk', 'openai', 'dist', 'index.js')
  const loaded: unknown = await import(pathToFileURL(entry).href)
  if (!hasCreate(loaded)) throw new Error('@ai-sdk/openai has no createOpenAI.')
  return loaded.createOpenAI
}

function hasCreate(loaded: unknown): loaded is { readonly createOpenAI: CreateOpenai } {
  return typeof loaded === 'object' && loaded !== null && 'createOpenAI' in loaded
}
