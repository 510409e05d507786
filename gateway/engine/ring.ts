/** The last few samples of a measure. */
export interface Ring {
  add(sample: number): void
  /** Undefined while there is no sample. Computed when it is asked for, kept until the next sample. */
  median(): number | undefined
}

export function createRing(capacity: number): Ring {
  const samples: number[] = []
  let next = 0
  let median: number | undefined
  return {
    add: (sample) => {
      samples[next] = sample
      next = (next + 1) % capacity
      median = undefined
    },
    median: () => {
      if (samples.length === 0) return undefined
      median ??= medianOf(samples)
      return median
    },
  }
}

function medianOf(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}
