import type { StreamEvent } from '../../contract/stream-event.ts'

/**
 * Holds events against the grammar of `contract/stream-event.ts`, with as many `end`s as there are choices. Gives the
 * first breach as a sentence, undefined when there is none. A reply that is over must end in `end` or `failure`.
 */
export function grammarBreach(events: readonly StreamEvent[]): string | undefined {
  let started = false
  const ended = new Set<number>()
  const choices = new Set<number>()
  const calls = new Map<number, number>()
  for (const [at, event] of events.entries()) {
    const place = `event ${at} (${event.type})`
    if (event.type === 'failure') return at === events.length - 1 ? undefined : `${place} is not the last`
    if (event.type === 'start') {
      if (started) return `${place}: a second start`
      started = true
      continue
    }
    if (!started) return `${place} comes before start`
    if (event.type === 'usage') {
      if (event.usage.input < 0 || event.usage.output < 0) return `${place} is negative`
      continue
    }
    const choice = event.choice ?? 0
    if (ended.has(choice)) return `${place} comes after the end of choice ${choice}`
    choices.add(choice)
    if (event.type === 'end') ended.add(choice)
    const known = calls.get(choice) ?? 0
    if (event.type === 'tool-call-start') {
      if (event.index !== known) return `${place} has index ${event.index} instead of ${known}`
      if (event.id === '' || event.name === '') return `${place} lacks its id or name`
      calls.set(choice, known + 1)
    }
    if (event.type === 'tool-call-delta' && event.index >= known) return `${place} belongs to no call`
  }
  if (ended.size === 0) return 'neither end nor failure'
  return ended.size < choices.size ? 'a choice has no end' : undefined
}
