import { listed, listedModel } from '../fingerprint.ts'
import type { Fingerprint } from '../fingerprint.ts'
import { countAt, textAt } from '../../kit/json-fields.ts'

/** Text Generation Inference names its router in `/info`; it serves one model, within `max_total_tokens`. */
export const tgi: Fingerprint = {
  provider: 'tgi',
  basePath: '/v1',
  paths: () => ['/info'],
  recognise: (answers) => {
    const info = answers.json('/info')
    if (textAt(info, 'router') !== 'text-generation-router') return undefined
    const id = textAt(listed(answers)[0], 'id') ?? textAt(info, 'model_id')
    const contextTokens = countAt(info, 'max_total_tokens')
    return { version: textAt(info, 'version'), models: id === undefined ? [] : [listedModel(id, { contextTokens })] }
  },
}
