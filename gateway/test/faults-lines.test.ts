import { describe } from 'vitest'
import { testFaults } from './fault-oracle.ts'
import { CHAT_STAGE } from './fault-lanes.ts'
import { type Edit, lines, whole, bytes, each, insert, TOO_LONG_LINE, saneUsage } from './fault-streams.ts'
import { LAST, line } from './healthy-reply.ts'

const LINES_ERROR = '{"error":"llama runner process has terminated"}\n'
const withCounts =
  (counts: string): Edit =>
  (pieces) =>
    pieces.map((piece) => piece.replace('"prompt_eval_count":5,"eval_count":7', counts))

describe('lines of JSON', () => {
  testFaults(CHAT_STAGE, [
    lines('lines-crlf', 'answer', (pieces) => [whole(pieces).replaceAll('\n', '\r\n')]),
    lines('lines-split-everywhere', 'answer', (pieces) => each(bytes(pieces), 1)),
    lines('lines-split-inside-characters', 'answer', (pieces) => each(bytes(pieces), 7)),
    lines('lines-bom', 'answer', (pieces) => [`\uFEFF${whole(pieces)}`]),
    lines('lines-blank-between', 'answer', (pieces) => pieces.map((piece) => `\n \n${piece}`)),
    lines('lines-last-without-end', 'answer', (pieces) => [whole(pieces).trimEnd()]),
    lines('lines-of-ten-megabytes', 'answer', (pieces) =>
      insert(pieces, 3, line({ content: '' }, { done: false, padding: 'x'.repeat(TOO_LONG_LINE) })),
    ),
    lines('lines-of-twenty-megabytes', 'cut', (pieces) => [...pieces.slice(0, 5), 'x'.repeat(2 * TOO_LONG_LINE)], {
      kinds: ['bad-reply', 'cut'],
    }),
    lines('lines-nothing', 'moves', () => [], { kinds: ['bad-reply', 'cut'] }),
    lines('lines-blank', 'moves', () => ['\n\n\n'], { kinds: ['bad-reply', 'cut'] }),
    lines('lines-done-missing', 'cut', (pieces) => pieces.slice(0, 5), { kinds: ['cut'] }),
    lines('lines-done-twice', 'answer', (pieces) => [...pieces, ...pieces.slice(-1)]),
    lines('lines-after-done', 'answer', (pieces) => [...pieces, line({ content: 'and then' })]),
    lines('lines-done-in-every-line', 'answer', (pieces) =>
      pieces.map((piece) => piece.replace('"done":false', '"done":"no"')),
    ),
    lines('lines-one-unreadable', 'answer', (pieces) => insert(pieces, 3, '{"message": {\n')),
    lines('lines-all-unreadable', 'moves', (pieces) => pieces.map((piece) => piece.replace('{', '')), {
      kinds: ['bad-reply', 'cut'],
    }),
    lines('lines-no-objects', 'answer', (pieces) => insert(pieces, 2, 'null\n', '7\n', '[]\n', '"done"\n', '{}\n')),
    lines('lines-nul', 'answer', (pieces) => insert(pieces, 2, '\u0000\n')),
    lines('lines-message-null', 'answer', (pieces) =>
      insert(pieces, 2, '{"message":null,"done":false}\n', '{"message":[],"done":false}\n'),
    ),
    lines('lines-thousands-empty', 'answer', (pieces) =>
      insert(pieces, 3, ...Array.from({ length: 3_000 }, () => line({ content: '' }))),
    ),
    lines('lines-error-first', 'moves', () => [LINES_ERROR], { kinds: ['server-error'] }),
    lines('lines-error-in-the-middle', 'cut', (pieces) => [...pieces.slice(0, 5), LINES_ERROR], {
      kinds: ['server-error'],
    }),
    lines(
      'lines-error-after-a-tool-call',
      'lost',
      () => [line({ content: '', tool_calls: [{ function: { name: 'f', arguments: {} } }] }), LINES_ERROR],
      {
        kinds: ['server-error'],
      },
    ),
    lines('lines-usage-missing', 'answer', withCounts('"x":1'), { complaint: saneUsage }),
    lines('lines-usage-negative', 'answer', withCounts('"prompt_eval_count":-5,"eval_count":-7'), {
      complaint: saneUsage,
    }),
    lines('lines-usage-text', 'answer', withCounts('"prompt_eval_count":"many","eval_count":null'), {
      complaint: saneUsage,
    }),
    lines('lines-usage-huge', 'answer', withCounts('"prompt_eval_count":1e308,"eval_count":1e308'), {
      complaint: saneUsage,
    }),
    lines('lines-usage-infinite', 'answer', withCounts('"prompt_eval_count":1e999,"eval_count":1'), {
      complaint: saneUsage,
    }),
    lines(
      'lines-tool-call-odd',
      'answer',
      () => [
        line({
          content: '',
          tool_calls: [null, 7, {}, { function: null }, { function: { name: 'f', arguments: '{}' } }],
        }),
        line({ content: '' }, LAST),
      ],
      {
        text: '',
      },
    ),
    lines('lines-as-events', 'moves', () => ['data: {"choices":[]}\n\ndata: [DONE]\n\n'], {
      kinds: ['bad-reply', 'cut'],
    }),
    lines('lines-html', 'moves', () => ['<!doctype html>\n<html>\n<title>Sign in</title></html>'], {
      kinds: ['bad-reply'],
    }),
  ])
})
