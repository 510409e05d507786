const NEWLINE = 0x0a
const RETURN = 0x0d

/** Whether the bytes end with the blank line that ends an event, in LF or CRLF. */
export function endsEvent(bytes: Buffer): boolean {
  const last = bytes.length - 1
  return bytes[last] === NEWLINE && isLineEnd(bytes, last - 1)
}

/** The offset behind the last complete event; 0 when there is none. */
export function lastEventEnd(bytes: Buffer): number {
  let newline = bytes.lastIndexOf(NEWLINE)
  while (newline > 0 && !isLineEnd(bytes, newline - 1)) newline = bytes.lastIndexOf(NEWLINE, newline - 1)
  return newline > 0 ? newline + 1 : 0
}

/** The offset behind the event that begins at `from`; the end of the bytes when it is not complete. */
export function nextEventEnd(bytes: Buffer, from: number): number {
  let newline = bytes.indexOf(NEWLINE, from)
  while (newline >= 0 && !(newline > from && isLineEnd(bytes, newline - 1))) {
    newline = bytes.indexOf(NEWLINE, newline + 1)
  }
  return newline < 0 ? bytes.length : newline + 1
}

/** True at the LF of a line end, or at the CR before a final LF that follows one. */
function isLineEnd(bytes: Buffer, at: number): boolean {
  return bytes[at] === NEWLINE || (bytes[at] === RETURN && bytes[at - 1] === NEWLINE)
}
