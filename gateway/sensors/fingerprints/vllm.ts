import { listed, listedModel, ownersOf } from '../fingerprint.ts'
import type { Fingerprint } from '../fingerprint.ts'
import { countAt, textAt } from '../../kit/json-fields.ts'

/** vLLM signs its model cards; `max_model_len` is the context it really runs with (null on LoRA adapters). */
export const vllm: Fingerprint = {
  provider: 'vllm',
  basePath: '/v1',
  paths: (answers) => (ownersOf(answers).includes('vllm') ? ['/version'] : []),
  recognise: (answers) => {
    if (!ownersOf(answers).includes('vllm')) return undefined
    const models = listed(answers).map((model) =>
      listedModel(textAt(model, 'id') ?? '', { contextTokens: countAt(model, 'max_model_len') }),
    )
    return { version: textAt(answers.json('/version'), 'version'), models }
  },
}
