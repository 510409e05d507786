import { limits } from '../contract/limits.ts'

/** Counts the tokens of one text. */
export type CountText = (text: string) => number

/**
 * The tokenizer of OpenAI's present models, which is within a few percent of most others' on prose and code. Loaded when
 * it is first needed: its vocabulary takes some 100 ms and 50 MB, which most days of most users never need.
 */
export async function loadTokenizer(): Promise<CountText> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base')
  // A prompt may well speak of `<|endoftext|>`: it is text like any other.
  return (text) => countLong(text, (part) => countTokens(part, { disallowedSpecial: new Set() }))
}

/**
 * Counting costs some 0.4 ms per 1,000 characters and nothing else runs meanwhile, so of a long text the beginning and the
 * end are counted and the rest is taken to be like them.
 */
function countLong(text: string, count: CountText): number {
  const most = limits.countedChars
  if (text.length <= most) return count(text)
  const half = most / 2
  const counted = count(text.slice(0, half)) + count(text.slice(-half))
  return Math.round((counted * text.length) / most)
}
