import { isJsonObject } from '../../contract/json.ts'
import { listed, listedModel } from '../fingerprint.ts'
import type { Fingerprint } from '../fingerprint.ts'
import { fieldAt, textAt } from '../../kit/json-fields.ts'

const CARD_PATH = '/.well-known/localai.json'

/** LocalAI answers Ollama's routes as well; its card is the proof, so it must be asked for before Ollama. */
export const localai: Fingerprint = {
  provider: 'localai',
  basePath: '/v1',
  paths: () => [CARD_PATH],
  recognise: (answers) => {
    const card = answers.json(CARD_PATH)
    const version = textAt(card, 'version')
    if (version === undefined || !isJsonObject(fieldAt(card, 'endpoints'))) return undefined
    return { version, models: listed(answers).map((model) => listedModel(textAt(model, 'id') ?? '', {})) }
  },
}
