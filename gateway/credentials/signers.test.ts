import { expect, it } from 'vitest'
import type { Signing } from '../contract/provider.ts'
import type { Signer } from '../contract/signer.ts'
import { plainTarget } from '../test/plain-target.ts'
import { createSigners } from './signers.ts'

const GOOGLE: Signing = { kind: 'google-oauth', scope: 's' }
const REQUEST = { method: 'POST', url: 'https://x.test/', headers: {}, body: '' } as const

it('each kind is loaded once, when it is needed, and again where that failed', async () => {
  const target = {
    ...plainTarget,
    id: 't',
    provider: 'p',
    endpoint: 'e',
    model: 'm',
    locality: 'cloud',
    baseUrl: '',
  } as const
  const loaded: string[] = []
  const google: Signer = { sign: async () => ({ authorization: 'Bearer g' }) }
  const load = async (kind: string): Promise<Signer> => {
    loaded.push(kind)
    if (loaded.length === 1) throw new Error('The disk was busy.')
    return google
  }
  const signers = createSigners({
    'aws-sigv4': () => load('aws'),
    'google-oauth': () => load('google'),
    'azure-entra': () => load('azure'),
  })
  await expect(signers.sign(REQUEST, target, GOOGLE)).rejects.toThrow('busy')
  expect(await signers.sign(REQUEST, target, GOOGLE)).toEqual({ authorization: 'Bearer g' })
  await signers.sign(REQUEST, target, GOOGLE)
  expect(loaded).toEqual(['google', 'google'])
})
