/** A small generator of repeatable numbers in [0, 1): the same seed gives the same attack. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const NASTY = [
  '\0',
  '\r',
  '\n',
  '\r\n',
  ' ',
  ':',
  '\xff',
  '%00',
  '..',
  '//',
  'Host: a\r\n',
  '0\r\n\r\n',
  '{',
  '-1',
  '#',
]

/** Breaks requests: deletes, repeats, swaps in hostile pieces, cuts off. */
export function mutator(random: () => number): (request: string) => Buffer {
  const pick = (below: number): number => Math.floor(random() * below)
  return (request) => {
    let text = request
    for (let edits = 1 + pick(3); edits > 0; edits--) {
      const at = pick(text.length)
      const width = pick(12)
      const [before, piece, after] = [text.slice(0, at), text.slice(at, at + width), text.slice(at + width)]
      const kind = pick(4)
      if (kind === 0) text = before + after
      else if (kind === 1) text = before + piece + piece + after
      else if (kind === 2) text = before + (NASTY[pick(NASTY.length)] ?? '') + after
      else text = before + String.fromCharCode(pick(256)) + piece.slice(1) + after
    }
    return Buffer.from(text, 'latin1')
  }
}
