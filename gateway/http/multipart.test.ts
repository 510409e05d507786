import { describe, expect, it } from 'vitest'
import { readForm } from './multipart.ts'

const TYPE = 'multipart/form-data; boundary=b0undary'

function form(...parts: readonly string[]): Buffer {
  return Buffer.from(`${parts.map((part) => `--b0undary\r\n${part}\r\n`).join('')}--b0undary--\r\n`, 'latin1')
}

function field(name: string, value: string): string {
  return `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`
}

const FILE = 'Content-Disposition: form-data; name="file"; filename="a.mp3"\r\nContent-Type: audio/mpeg\r\n\r\n'

describe('readForm', () => {
  it('finds the model behind a file that imitates boundaries', () => {
    const bytes = 'x--b0undary\r\n\r\n--b0undaryX\r\nContent-Disposition: form-data; name="model"\r\n\r\nevil\r\n'
    const raw = form(FILE + bytes, field('model', 'whisper-1'), field('stream', 'true'))
    const facts = readForm(raw, TYPE)
    expect(facts).toMatchObject({ model: { value: 'whisper-1' }, stream: true })
    const span = 'model' in facts ? facts.model : undefined
    expect(raw.toString('latin1', span?.start, span?.end)).toBe('whisper-1')
  })

  it.each([
    ['the name is not quoted', 'Content-Disposition: form-data; name=model\r\n\r\nm', 'm'],
    ['the header is in lower case', 'content-disposition: form-data; name="model"\r\n\r\nm', 'm'],
    ['other headers come first', 'X-A: 1\r\nContent-Disposition: form-data; name="model"\r\n\r\nm', 'm'],
    ['the value is empty', field('model', ''), ''],
    ['the value holds UTF-8', field('model', Buffer.from('möd').toString('latin1')), 'möd'],
  ])('reads the model when %s', (_, part, value) => {
    expect(readForm(form(part), TYPE)).toMatchObject({ model: { value } })
  })

  it.each([
    ['there is none', form(field('prompt', 'x'))],
    ['a file bears its name', form('Content-Disposition: form-data; name="model"; filename="x"\r\n\r\ngpt')],
    [
      'a file is named in RFC 5987 form',
      form('Content-Disposition: form-data; name="model"; filename*=utf-8\'\'x\r\n\r\ngpt'),
    ],
    [
      'only a quoted filename says so',
      form('Content-Disposition: form-data; name="f"; filename="\\"; name=\\"model"\r\n\r\ngpt'),
    ],
    ['the name is longer', form(field('model2', 'gpt'))],
  ])('finds no model when %s', (_, raw) => {
    expect(readForm(raw, TYPE)).toEqual({ model: undefined, stream: false })
  })

  it('takes a quoted boundary', () => {
    const raw = Buffer.from(`--a b\r\n${field('model', 'm')}\r\n--a b--`)
    expect(readForm(raw, 'multipart/form-data; charset=utf-8; boundary="a b"')).toMatchObject({ model: { value: 'm' } })
  })

  it.each([
    ['no boundary', form(field('model', 'm')), 'multipart/form-data; x=y'],
    ['a boundary of 71 characters', form(field('model', 'm')), `multipart/form-data; boundary=${'x'.repeat(71)}`],
    ['another boundary', form(field('model', 'm')), 'multipart/form-data; boundary=other'],
    ['two models', form(field('model', 'a'), field('model', 'b')), TYPE],
    ['two names in one part', form('Content-Disposition: form-data; name="a"; name="model"\r\n\r\nm'), TYPE],
    ['two dispositions', form(`Content-Disposition: form-data; name="a"\r\n${field('model', 'm')}`), TYPE],
    ['no disposition', form('X-A: 1\r\n\r\nm'), TYPE],
    ['no end', Buffer.from(`--b0undary\r\n${field('model', 'm')}`), TYPE],
    ['headers that never end', Buffer.from(`--b0undary\r\nX: ${'x'.repeat(9_000)}`), TYPE],
    ['headers of 9 KB', form(`X: ${'x'.repeat(9_000)}\r\n${field('model', 'm')}`), TYPE],
    ['300 parts', form(...Array.from({ length: 300 }, (_, n) => field(`f${n}`, ''))), TYPE],
    ['nothing', Buffer.alloc(0), TYPE],
  ])('refuses a form with %s', (_, raw, type) => {
    expect(readForm(raw, type)).toMatchObject({ kind: 'invalid-request', status: 400, code: 'invalid_form' })
  })

  it('never throws, wherever the form is cut', () => {
    const raw = form(`${FILE}data`, field('model', 'm'))
    for (let end = 0; end < raw.length - 4; end++) {
      expect(readForm(raw.subarray(0, end), TYPE)).toMatchObject({ code: 'invalid_form' })
    }
  })
})
