import { listed, listedModel, ownersOf } from '../fingerprint.ts'
import type { Fingerprint } from '../fingerprint.ts'
import { countAt, textAt } from '../../kit/json-fields.ts'

/** SGLang signs its model cards. Its version is behind `/server_info`, which shows API keys: never asked for. */
export const sglang: Fingerprint = {
  provider: 'sglang',
  basePath: '/v1',
  paths: () => [],
  recognise: (answers) => {
    if (!ownersOf(answers).includes('sglang')) return undefined
    const models = listed(answers).map((model) =>
      listedModel(textAt(model, 'id') ?? '', { contextTokens: countAt(model, 'max_model_len') }),
    )
    return { version: undefined, models }
  },
}
