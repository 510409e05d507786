import { describe } from 'vitest'
import { testFaults } from './fault-oracle.ts'
import { CHAT_STAGE } from './fault-lanes.ts'
import { sse, whole, bytes, each, insert, withUsage, ERROR, TOO_LONG_LINE, saneUsage } from './fault-streams.ts'
import { chunk, TEXT } from './healthy-reply.ts'

describe('event streams', () => {
  testFaults(CHAT_STAGE, [
    sse('cr', 'answer', (pieces) => [whole(pieces).replaceAll('\n', '\r')], { lanes: ['translated'] }),
    // No server is known to end its lines so; where bytes pass as they are, they are not searched for it.
    sse('cr-verbatim', 'moves', (pieces) => [whole(pieces).replaceAll('\n', '\r')], {
      lanes: ['verbatim'],
      kinds: ['bad-reply'],
    }),
    sse('crlf', 'answer', (pieces) => [whole(pieces).replaceAll('\n', '\r\n')]),
    sse('line-ends-mixed', 'answer', (pieces) =>
      pieces.map((piece, i) => piece.replaceAll('\n', ['\n', '\r\n', '\r'][i % 3] ?? '\n')),
    ),
    sse('crlf-split', 'answer', (pieces) => each(Buffer.from(whole(pieces).replaceAll('\n', '\r\n')), 1)),
    sse('split-everywhere', 'answer', (pieces) => each(bytes(pieces), 1)),
    sse('split-inside-characters', 'answer', (pieces) => each(bytes(pieces), 7)),
    sse('bom', 'answer', (pieces) => [`\uFEFF${whole(pieces)}`]),
    sse('no-space-after-data', 'answer', (pieces) => [whole(pieces).replaceAll('data: ', 'data:')]),
    sse('other-fields', 'answer', (pieces) => pieces.map((piece) => `id: 7\nretry: 10\nevent: message\n${piece}`)),
    sse('comments-between', 'answer', (pieces) => pieces.map((piece) => `: ping\n\n${piece}`)),
    sse('a-line-of-ten-megabytes', 'answer', (pieces) =>
      insert(pieces, 3, chunk({ content: '' }, {}, { padding: 'x'.repeat(TOO_LONG_LINE) })),
    ),
    sse(
      'a-line-of-twenty-megabytes',
      'cut',
      (pieces) => [...pieces.slice(0, 5), 'data: ', 'x'.repeat(2 * TOO_LONG_LINE)],
      {
        kinds: ['bad-reply'],
      },
    ),
    sse('nothing-but-event-names', 'moves', () => ['event: ping\n\n'.repeat(20)], { kinds: ['bad-reply', 'cut'] }),
    sse('nothing-but-comments', 'moves', () => [': thinking\n\n'.repeat(20)], { kinds: ['bad-reply', 'cut'] }),
    sse('nothing', 'moves', () => [], { kinds: ['bad-reply', 'cut'] }),
    sse('done-alone', 'moves', () => ['data: [DONE]\n\n'], { kinds: ['bad-reply', 'cut'] }),
    sse('done-missing', 'answer', (pieces) => pieces.slice(0, -1)),
    sse('done-twice', 'answer', (pieces) => [...pieces, 'data: [DONE]\n\n']),
    sse('done-first', 'moves', (pieces) => ['data: [DONE]\n\n', ...pieces], { kinds: ['bad-reply', 'cut'] }),
    sse('events-after-done', 'answer', (pieces) => [...pieces, chunk({ content: 'and then' })]),
    sse('finish-missing', 'cut', (pieces) => pieces.slice(0, 6), { kinds: ['cut'] }),
    sse('only-a-role', 'moves', (pieces) => pieces.slice(0, 1), { kinds: ['cut', 'bad-reply'] }),
    sse('one-event-unreadable-early', 'answer', (pieces) => insert(pieces, 1, 'data: {"choices": [\n\n')),
    sse('one-event-unreadable-later', 'answer', (pieces) => insert(pieces, 4, 'data: {"choices": [\n\n'), {
      lanes: ['translated'],
    }),
    sse('all-unreadable', 'moves', (pieces) => pieces.map((piece) => piece.replace('{', '')).slice(0, -1), {
      kinds: ['bad-reply', 'cut'],
    }),
    sse(
      'events-that-are-no-objects',
      'answer',
      (pieces) => insert(pieces, 2, 'data: null\n\n', 'data: 7\n\n', 'data: []\n\n'),
      { lanes: ['translated'] },
    ),
    sse('nul-in-the-text', 'answer', (pieces) => insert(pieces, 2, chunk({ content: '\u0000' })), {
      text: `${TEXT.slice(0, 4)}\u0000${TEXT.slice(4)}`,
    }),
    sse('nul-between-events', 'answer', (pieces) => insert(pieces, 2, '\u0000\n\n')),
    sse(
      'half-a-surrogate',
      'answer',
      (pieces) =>
        insert(pieces, 2, 'data: {"choices":[{"index":0,"delta":{"content":"\\ud83d"},"finish_reason":null}]}\n\n'),
      {
        text: `${TEXT.slice(0, 4)}\ud83d${TEXT.slice(4)}`,
      },
    ),
    sse('no-choices', 'answer', (pieces) => insert(pieces, 2, chunk({}, {}, { choices: [] }), 'data: {}\n\n')),
    sse('choices-null', 'answer', (pieces) => insert(pieces, 2, chunk({}, {}, { choices: null }))),
    sse('thousands-of-empty-deltas', 'answer', (pieces) =>
      insert(pieces, 3, ...Array.from({ length: 3_000 }, () => chunk({ content: '' }))),
    ),
    sse('usage-missing', 'answer', (pieces) => pieces.filter((piece) => !piece.includes('usage')), {
      complaint: saneUsage,
    }),
    sse('usage-null', 'answer', withUsage('null'), { complaint: saneUsage }),
    sse('usage-negative', 'answer', withUsage('{"prompt_tokens":-5,"completion_tokens":-7}'), { complaint: saneUsage }),
    sse('usage-text', 'answer', withUsage('{"prompt_tokens":"many","completion_tokens":[1]}'), {
      complaint: saneUsage,
    }),
    sse('usage-nan', 'answer', withUsage('{"prompt_tokens":NaN,"completion_tokens":1}'), { complaint: saneUsage }),
    sse('usage-huge', 'answer', withUsage('{"prompt_tokens":1e308,"completion_tokens":1e308}'), {
      complaint: saneUsage,
    }),
    sse('usage-infinite', 'answer', withUsage('{"prompt_tokens":1e999,"completion_tokens":1}'), {
      complaint: saneUsage,
    }),
    sse(
      'usage-in-every-event',
      'answer',
      (pieces) =>
        pieces.map((piece, i) =>
          piece.replace('"model":', `"usage":{"prompt_tokens":5,"completion_tokens":${i}},"model":`),
        ),
      { complaint: saneUsage },
    ),
    sse('error-first', 'moves', () => [`data: ${JSON.stringify(ERROR)}\n\n`], { kinds: ['server-error'] }),
    sse('error-in-the-middle', 'cut', (pieces) => [...pieces.slice(0, 5), `data: ${JSON.stringify(ERROR)}\n\n`], {
      kinds: ['server-error'],
    }),
    sse(
      'error-in-the-middle-then-done',
      'cut',
      (pieces) => [...pieces.slice(0, 5), `data: ${JSON.stringify(ERROR)}\n\n`, 'data: [DONE]\n\n'],
      {
        kinds: ['server-error'],
      },
    ),
    sse(
      'error-after-a-tool-call',
      'lost',
      () => [toolCall({ id: 'c1', function: { name: 'f', arguments: '{"a"' } }), `data: ${JSON.stringify(ERROR)}\n\n`],
      {
        kinds: ['server-error'],
      },
    ),
    sse(
      'tool-call-a-byte-at-a-time',
      'answer',
      (pieces) => [
        toolCall({ id: 'c1', type: 'function', function: { name: 'f', arguments: '' } }),
        ...Array.from('{"city":"Zürich 🙂"}', (one) => toolCall({ function: { arguments: one } })),
        chunk({}, { finish_reason: 'tool_calls' }),
        ...pieces.slice(-1),
      ],
      {
        text: '',
        complaint: ({ reply: { finish } }) => (finish === 'tool_calls' ? undefined : `it finished with ${finish}`),
      },
    ),
    sse('html', 'moves', () => ['<!doctype html><html><title>Sign in</title></html>'], { kinds: ['bad-reply'] }),
    sse('plain-words', 'moves', () => ['upstream connect error or disconnect/reset before headers'], {
      kinds: ['bad-reply'],
    }),
    sse('error-as-plain-json', 'moves', () => [JSON.stringify(ERROR)], { kinds: ['server-error'] }),
  ])
})

function toolCall(call: object): string {
  return chunk({ tool_calls: [{ index: 0, ...call }] })
}
