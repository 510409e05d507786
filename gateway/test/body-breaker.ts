const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1e308,
  -1e308,
  0.1,
  2 ** 53,
  '',
  ' ',
  'x',
  '\u0000',
  '\ud800',
  '😀',
  'a'.repeat(5_000),
  'auto',
  'null',
  [],
  {},
  [[]],
  [null],
  [{}],
  { a: { b: { c: [] } } },
  { __proto__: null, constructor: 1 },
  'spillway/echo',
  'constructor',
  '__proto__',
  'data:',
  'data:image/png;base64,',
  'http://x',
]
const KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'model',
  'messages',
  'stream',
  'type',
  'role',
  '',
  'extra_body',
  'tools',
  'n',
  'kind',
  'message',
  'status',
]
const BYTES = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\',
  '\\u',
  '\\ud800',
  '0',
  '-',
  'e',
  '1e999',
  '\0',
  '\xff',
  '\xc3\x28',
  'null',
  '\n',
  '//',
  '/*',
]

/** A broken copy: some values replaced, removed, added or moved, then perhaps some bytes. */
export function createBreaker(random: () => number): (body: object) => Buffer {
  const below = (count: number): number => Math.floor(random() * count)
  const pick = <Item>(list: readonly Item[]): Item => list[below(list.length)] as Item // lists are not empty
  // Copied, because a later edit may break it further.
  const anyValue = (): unknown => structuredClone(pick(VALUES))

  const breakValue = (root: unknown): void => {
    const holders: (Record<string, unknown> | unknown[])[] = []
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      holders.push(value as Record<string, unknown>)
      for (const child of Object.values(value)) walk(child)
    }
    walk(root)
    const holder = pick(holders) as Record<string, unknown>
    const names = Object.keys(holder)
    const name = names.length === 0 ? pick(KEYS) : pick(names)
    const kind = below(5)
    if (kind === 0) delete holder[name]
    else if (kind === 1)
      Object.defineProperty(holder, pick(KEYS), {
        value: anyValue(),
        enumerable: true,
        configurable: true,
        writable: true,
      })
    else if (kind === 2) holder[name] = [holder[name], holder[name]]
    else holder[name] = anyValue()
  }
  const breakBytes = (text: string): string => {
    const at = below(text.length)
    const width = below(9)
    const kind = below(4)
    if (kind === 0) return text.slice(0, at) + text.slice(at + width)
    if (kind === 1) return text.slice(0, at) + text.slice(at, at + width).repeat(2) + text.slice(at + width)
    if (kind === 2) return text.slice(0, at) + pick(BYTES) + text.slice(at)
    return text.slice(0, at)
  }
  return (body) => {
    const copy: unknown = structuredClone(body)
    for (let edits = below(4); edits > 0; edits--) breakValue(copy)
    let text = JSON.stringify(copy)
    for (let edits = below(3) === 0 ? 1 + below(3) : 0; edits > 0; edits--) text = breakBytes(text)
    return Buffer.from(text, below(10) === 0 ? 'latin1' : 'utf8')
  }
}
