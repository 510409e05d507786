import type { JsonValue } from '../../contract/json.ts'
import { listed, listedModel, ownersOf } from '../fingerprint.ts'
import type { Fingerprint } from '../fingerprint.ts'
import { fieldAt, objectsAt, textAt } from '../../kit/json-fields.ts'

/** llama-swap signs its listing, and lists what runs; asking for either starts nothing. */
export const llamaswap: Fingerprint = {
  provider: 'llamaswap',
  basePath: '/v1',
  paths: (answers) => (ownersOf(answers).includes('llama-swap') ? ['/running'] : []),
  recognise: (answers) => {
    if (!ownersOf(answers).includes('llama-swap')) return undefined
    if (objectsAt(answers.json('/running'), 'running') === undefined) return undefined
    const models = listed(answers).map((model) => listedModel(textAt(model, 'id') ?? '', { remote: isPeer(model) }))
    return { version: undefined, models }
  },
}

/** A model that llama-swap forwards to another machine: where that is, it does not say, so it may be anywhere. */
function isPeer(model: JsonValue): boolean {
  return (
    fieldAt(fieldAt(fieldAt(model, 'meta'), 'llamaswap'), 'peerID') !== undefined ||
    textAt(model, 'owned_by') !== 'llama-swap'
  )
}
