import { limits } from '../contract/limits.ts'

/**
 * Says where JSON text breaks, without quoting it: what stands there may be a prompt, which belongs into no error.
 * Only called for text that `JSON.parse` refused.
 */
export function jsonMistake(text: string): string {
  if (isBeginning(text)) return 'it ends too early'
  if (text.length > limits.jsonMistakeChars) return 'something in it cannot be read'
  // The longest beginning that could still become JSON ends right before the mistake.
  let good = 0
  let bad = text.length
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (isBeginning(text.slice(0, middle))) good = middle
    else bad = middle
  }
  const before = text.slice(0, good)
  const line = before.split('\n').length
  const column = good - before.lastIndexOf('\n')
  return `something is wrong at line ${line}, column ${column} (position ${good})`
}

/** Whether the parser's only complaint is that there is no more. */
function isBeginning(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    const message = error instanceof Error ? error.message : ''
    if (/^Unexpected end|^Unterminated/.test(message)) return true
    const position = /at position (\d+)/.exec(message)?.[1]
    return position !== undefined && Number(position) >= text.length
  }
}
