import { describe, expect, it } from 'vitest'
import { checkBaseUrl } from './base-url.ts'

describe('checkBaseUrl', () => {
  it.each([
    ['http://localhost:11434', 'device'],
    ['http://127.0.0.1:8080/v1/', 'device'],
    ['http://[::1]:8080', 'device'],
    ['http://0.0.0.0:8000', 'device'],
    ['http://[::ffff:127.0.0.1]:1', 'device'],
    ['http://192.168.1.20:8000', 'lan'],
    ['http://10.1.2.3', 'lan'],
    ['http://100.101.102.103', 'lan'],
    ['http://gpu-box.local:8000', 'lan'],
    ['http://host.docker.internal:11434', 'lan'],
    ['http://ollama:11434', 'lan'],
    ['http://[fd12::1]:8000', 'lan'],
    ['https://api.openai.com/v1', 'cloud'],
    ['https://172.32.0.1', 'cloud'],
  ])('%s is on the %s', (url, locality) => {
    expect(checkBaseUrl(url)).toMatchObject({ ok: true, locality, warning: undefined })
  })

  it('trims trailing slashes and keeps the path', () => {
    expect(checkBaseUrl('https://host.example/a/v1//')).toMatchObject({ url: 'https://host.example/a/v1' })
    expect(checkBaseUrl('http://localhost:8080/')).toMatchObject({ url: 'http://localhost:8080' })
  })

  it('warns of plain http to a public host', () => {
    expect(checkBaseUrl('http://api.example.com/v1')).toMatchObject({
      ok: true,
      warning: expect.stringContaining('https'),
    })
  })

  it.each([
    'http://169.254.169.254/latest',
    'http://169.254.0.1',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://0xa9.254.0251.254',
    'http://169.16689662',
    'http://①⑥⑨.254.169.254',
    'http://[::ffff:169.254.169.254]/',
    'http://[::ffff:a9fe:a9fe]',
    'http://[0:0:0:0:0:ffff:a9fe:a9fe]',
    'http://[64:ff9b::169.254.169.254]',
    'http://[2002:a9fe:a9fe::1]',
    'http://[fe80::1]',
    'http://[febf::1]:80',
    'http://[fd00:ec2::254]',
    'http://metadata.google.internal',
    'http://METADATA.google.internal./x',
    'http://metadata',
    'http://metadata.goog',
    'http://instance-data.ec2.internal',
    'http://100.100.100.200',
    'http://168.63.129.16',
    'http://169.254.169.254.nip.io',
    'http://app-169-254-169-254.sslip.io',
    'http://a9fea9fe.nip.io',
    'https://169.254.169.254:443',
    'ftp://localhost',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'unix:/var/run/docker.sock',
    'http:localhost:11434',
    'localhost:11434',
    '//localhost:11434',
    'http://',
    'http://user:pass@localhost',
    'http://user@localhost',
    'http://localhost?x=1',
    'http://localhost/#x',
    'http://local host',
    '',
    'os.environ/X',
  ])('refuses %s', (url) => {
    expect(checkBaseUrl(url)).toMatchObject({ ok: false })
  })

  it('never repeats the address', () => {
    const check = checkBaseUrl('http://user:hunter2@localhost')
    expect(JSON.stringify(check)).not.toContain('hunter2')
  })

  it('says how to write a bare host', () => {
    expect(checkBaseUrl('localhost:11434')).toMatchObject({ suggestion: 'Write http://localhost:11434' })
    expect(checkBaseUrl('gpu-box:8000/v1')).toMatchObject({ suggestion: 'Write http://gpu-box:8000/v1' })
  })

  it.each(['5cc61476ecc6bd53e959df90b956ee58', 'sk-ant-api03-0123456789abcdef', `eyJ0.${'a'.repeat(40)}.sig`])(
    'does not repeat %s, which is a key',
    (key) => expect(JSON.stringify(checkBaseUrl(key))).not.toContain(key),
  )
})
