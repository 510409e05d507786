import { describe, expect, it } from 'vitest'
import { defaultDataDir } from './data-dir.ts'

describe('defaultDataDir', () => {
  it.each([
    ['linux', {}, '/home/ada', '/home/ada/.local/share/spillway'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/home/ada', '/data/spillway'],
    ['linux', { XDG_DATA_HOME: 'relative' }, '/home/ada', '/home/ada/.local/share/spillway'],
    ['linux', { XDG_DATA_HOME: '' }, '/home/ada', '/home/ada/.local/share/spillway'],
    ['freebsd', {}, '/home/ada', '/home/ada/.local/share/spillway'],
    ['darwin', { XDG_DATA_HOME: '/data' }, '/Users/ada', '/Users/ada/Library/Application Support/Spillway'],
    ['win32', { APPDATA: 'D:\\Roaming' }, 'C:\\Users\\ada', 'D:\\Roaming\\Spillway'],
    ['win32', {}, 'C:\\Users\\ada', 'C:\\Users\\ada\\AppData\\Roaming\\Spillway'],
  ] as const)('%s %j', (platform, env, home, expected) => {
    expect(defaultDataDir({ platform, env, home })).toBe(expected)
  })
})
