import { describe, expect, it } from 'vitest'
import { googlePathSegment, pathSegment } from './path-segment.ts'

describe('a model’s name in a path', () => {
  it.each([
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'us.anthropic.claude-sonnet-4-5-20250929-v1%3A0'],
    ['../../projects/other', '..%2F..%2Fprojects%2Fother'],
    ['..', '%252E%252E'],
    ['.', '%252E'],
    ['..%2f', '..%252f'],
    ['a?key=b#c', 'a%3Fkey%3Db%23c'],
    ['a\r\nHost: b', 'a%0D%0AHost%3A%20b'],
    ['half \ud800', 'half%20%EF%BF%BD'],
  ])('%j is %s', (name, segment) => expect(pathSegment(name)).toBe(segment))

  it('is one segment of a URL, and a version keeps its mark', () => {
    expect(googlePathSegment('claude-sonnet-4-5@20250929')).toBe('claude-sonnet-4-5@20250929')
    for (const name of ['..', '../..', '//host/x', 'a/../../b', '.%2e', '\\..\\', '@host']) {
      const url = new URL(`https://host.example/models/${googlePathSegment(name)}:generate`)
      expect([url.host, url.pathname.split('/').length]).toEqual(['host.example', 3])
    }
  })
})
