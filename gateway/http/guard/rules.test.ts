import { describe, expect, it } from 'vitest'
import { fakeConfig } from '../test/gateway-fixture.ts'
import { hostName } from './authority.ts'
import { inspectRequest } from './guard.ts'
import { isListableOrigin } from './origin-rule.ts'
import { createGuardPolicy, policyInForce } from './policy.ts'
import { readHead, type RawRequest } from './request-head.ts'
import { parseTarget } from './target.ts'

const policy = createGuardPolicy(fakeConfig(), ['/v1/chat/completions', '/v1/models'])

function inspect(request: Partial<RawRequest>): string | undefined {
  const head = readHead({
    method: 'GET',
    url: '/v1/models',
    httpVersion: '1.1',
    rawHeaders: ['Host', 'localhost'],
    socket: { remoteAddress: '127.0.0.1' },
    ...request,
  })
  const target = parseTarget(head.target)
  const route = {
    method: 'GET',
    path: '/v1/models',
    policy: { auth: 'key', body: 'none', browsable: false },
    action: undefined,
  } as const
  return inspectRequest({ head, target, match: { route, params: {} } }, policy)?.rule
}

describe('the guard, on facts that no test can put on a socket', () => {
  it.each([
    ['127.0.0.1', undefined],
    ['127.8.9.1', undefined],
    ['::1', undefined],
    ['::ffff:127.0.0.1', undefined],
    ['192.168.1.5', 'peer'],
    ['::ffff:10.0.0.1', 'peer'],
    ['fe80::1', 'peer'],
    ['127.0.0.1.evil', 'peer'],
    [undefined, 'peer'],
  ])('peer %s: %s', (remoteAddress, rule) => {
    expect(inspect({ socket: { remoteAddress } })).toBe(rule)
  })

  it.each([
    [['Content-Length', '5', 'Content-Length', '5']],
    [['Content-Length', '+5']],
    [['Content-Length', '5, 5']],
    [['Transfer-Encoding', 'chunked', 'Content-Length', '5']],
    [['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked']],
    [['Transfer-Encoding', 'identity']],
    [['Transfer-Encoding', '']],
  ])('framing %j is refused although the parser refuses it first', (headers) => {
    expect(inspect({ method: 'POST', rawHeaders: ['Host', 'localhost', ...headers] })).toBe('framing')
  })
})

describe('readHead', () => {
  it('keeps the first of a repeated header and says that it was repeated', () => {
    const head = readHead({
      httpVersion: '1.1',
      rawHeaders: ['HOST', 'a', 'host', 'b', 'X-Other', '1', 'x-other', '2'],
      socket: {},
    })
    expect(head.fields.host).toBe('a')
    expect(head.repeated).toEqual(['host'])
    expect(head.headerCount).toBe(4)
  })
})

describe('parseTarget', () => {
  it.each([
    ['/v1/models', { form: 'origin', path: '/v1/models', query: '' }],
    ['/v1/models?a=1?b', { form: 'origin', path: '/v1/models', query: 'a=1?b' }],
    ['http://localhost', { form: 'absolute', path: '/', query: '', authority: 'localhost' }],
    ['HTTP://LOCALHOST:1/a?b', { form: 'absolute', path: '/a', query: 'b', authority: 'LOCALHOST:1' }],
    ['*', { form: 'asterisk', path: '*' }],
  ])('%s', (target, parsed) => {
    expect(parseTarget(target)).toMatchObject(parsed)
  })

  it.each([
    '',
    'v1/models',
    '//evil',
    'http://localhost//x',
    'https://a/',
    'a:443',
    '/a#b',
    '/a b',
    '/a\\b',
    '/ä',
    '/\0',
  ])('%j is none of the forms', (target) => {
    expect(parseTarget(target)).toBeUndefined()
  })
})

describe('hostName', () => {
  it('lowers the name and leaves the port out', () => {
    expect(hostName('LocalHost:8080')).toBe('localhost')
    expect(hostName('[::1]:1')).toBe('[::1]')
    expect(hostName('my_service')).toBe('my_service')
  })
})

describe('the policy of a configuration', () => {
  it('lists no origin that stands for many', () => {
    const origins = ['null', '*', 'https://*.example', 'http://localhost:3000/', 'file://', 'tauri://localhost']
    expect(origins.filter(isListableOrigin)).toEqual(['tauri://localhost'])
    const made = createGuardPolicy(fakeConfig({ origins }), [])
    expect([...made.origins]).toEqual(['tauri://localhost', 'http://localhost:3000'])
  })

  it('is made once for each configuration', () => {
    let config = fakeConfig()
    const inForce = policyInForce(() => config, [])
    const first = inForce()
    expect(inForce()).toBe(first)
    config = fakeConfig({ extraHosts: ['Gateway.Lan'] })
    expect(inForce().hosts.has('gateway.lan')).toBe(true)
  })
})
