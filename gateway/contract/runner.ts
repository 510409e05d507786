import type { ListedModel } from './provider.ts'
import type { Locality } from './route.ts'

/** A model runner that was found on this machine and proved to be what it says. */
export interface FoundRunner {
  /** Registry id of its provider: `ollama`, `vllm`, `llamacpp`, `lmstudio`, `sglang`, `tgi`... */
  readonly provider: string
  /** `http://127.0.0.1:11434`, or with `/v1` where the provider's base URL ends so. */
  readonly baseUrl: string
  readonly version: string | undefined
  readonly locality: Locality
  readonly models: readonly ListedModel[]
}
