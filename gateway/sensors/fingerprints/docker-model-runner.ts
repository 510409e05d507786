import { listedModel } from '../fingerprint.ts'
import type { Fingerprint } from '../fingerprint.ts'
import { objectsAt, textAt } from '../../kit/json-fields.ts'

const ENGINE_MODELS_PATH = '/engines/v1/models'

/** Docker Model Runner has its API under `/engines`; its models are OCI names, such as `ai/smollm2`. */
export const dockerModelRunner: Fingerprint = {
  provider: 'docker_model_runner',
  basePath: '/engines/v1',
  paths: () => [ENGINE_MODELS_PATH],
  recognise: (answers) => {
    const listing = answers.json(ENGINE_MODELS_PATH)
    const models = objectsAt(listing, 'data')
    if (textAt(listing, 'object') !== 'list' || models === undefined || models.length === 0) return undefined
    if (!models.every((model) => textAt(model, 'id')?.includes('/') && textAt(model, 'object') === 'model'))
      return undefined
    return { version: undefined, models: models.map((model) => listedModel(textAt(model, 'id') ?? '', {})) }
  },
}
