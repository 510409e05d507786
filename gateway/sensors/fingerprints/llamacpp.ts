import { listed, listedModel, ownersOf } from '../fingerprint.ts'
import type { Fingerprint } from '../fingerprint.ts'
import { countAt, fieldAt, textAt } from '../../kit/json-fields.ts'

/**
 * llama.cpp's server signs its listing. `/props` has the context of one slot; it may be asked while a model sleeps,
 * unlike `/slots`, which would wake it. With several models (router mode) `/props` speaks of none of them.
 */
export const llamacpp: Fingerprint = {
  provider: 'llamacpp',
  basePath: '/v1',
  paths: (answers) => (ownersOf(answers).includes('llamacpp') ? ['/props'] : []),
  recognise: (answers) => {
    if (!ownersOf(answers).includes('llamacpp')) return undefined
    const props = answers.json('/props')
    const models = listed(answers)
    const contextTokens =
      models.length === 1 ? countAt(fieldAt(props, 'default_generation_settings'), 'n_ctx') : undefined
    return {
      version: textAt(props, 'build_info'),
      models: models.map((model) => listedModel(textAt(model, 'id') ?? '', { contextTokens })),
    }
  },
}
