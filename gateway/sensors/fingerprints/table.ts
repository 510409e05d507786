import type { Fingerprint } from '../fingerprint.ts'
import { dockerModelRunner } from './docker-model-runner.ts'
import { lemonade } from './lemonade.ts'
import { llamacpp } from './llamacpp.ts'
import { llamaswap } from './llamaswap.ts'
import { lmstudio } from './lmstudio.ts'
import { localai } from './localai.ts'
import { ollama } from './ollama.ts'
import { sglang } from './sglang.ts'
import { tgi } from './tgi.ts'
import { vllm } from './vllm.ts'

/**
 * In the order of asking: first those that sign their listing, which costs no further request to rule out; then
 * those that imitate others, before the ones they imitate.
 */
export const fingerprints: readonly Fingerprint[] = [
  vllm,
  sglang,
  llamaswap,
  llamacpp,
  lemonade,
  localai,
  ollama,
  lmstudio,
  tgi,
  dockerModelRunner,
]
