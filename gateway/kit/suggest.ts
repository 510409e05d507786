import { limits } from '../contract/limits.ts'

/**
 * The candidate that a person most likely meant by `name`, or undefined when none is near. Case, `-` and `_` do not
 * count; otherwise about one slip in three letters is forgiven, where two swapped neighbours are one slip.
 */
export function closest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = normalized(name)
  let best: string | undefined
  let bestSlips = Math.floor((wanted.length + 1) / 3) + 1
  for (const candidate of candidates) {
    const slips = slipsBetween(wanted, normalized(candidate))
    if (slips >= bestSlips) continue
    best = candidate
    bestSlips = slips
  }
  return best
}

function normalized(name: string): string {
  return name.slice(0, limits.comparedNameChars).toLowerCase().replaceAll('-', '_')
}

/** Damerau-Levenshtein distance in its restricted form: insert, delete, replace, swap neighbours. */
function slipsBetween(a: string, b: string): number {
  let older: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current[column] = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + cost,
        swapped ? at(older, column - 2) + 1 : Infinity,
      )
    }
    older = previous
    previous = current
  }
  return at(previous, b.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity
}
