import type { Target } from '../../contract/route.ts'
import { plainTarget } from '../../test/plain-target.ts'

/** A target at an Ollama of which nothing but its address is known. */
export function ollamaTarget(model: string): Target {
  return {
    ...plainTarget,
    id: `ollama/${model}`,
    provider: 'ollama',
    endpoint: 'ollama',
    model,
    locality: 'device',
    baseUrl: 'http://127.0.0.1:11434',
  }
}
