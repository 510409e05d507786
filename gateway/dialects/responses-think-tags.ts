import type { StreamEvent } from '../contract/stream-event.ts'

/** Puts thoughts into `<think>` tags inside the text, for clients that know no other place for them. */
export interface ThinkTags {
  tag(event: StreamEvent): readonly StreamEvent[]
}

/** The state of one stream. */
export function createThinkTags(): ThinkTags {
  let isOpen = false
  const closing = (event: StreamEvent): readonly StreamEvent[] => {
    if (!isOpen) return [event]
    isOpen = false
    if (event.type === 'text-delta') return [{ ...event, text: `</think>${event.text}` }]
    return [{ type: 'text-delta', text: '</think>' }, event]
  }
  const thinking = (text: string): readonly StreamEvent[] => {
    if (text === '') return []
    const tag = isOpen ? '' : '<think>'
    isOpen = true
    return [{ type: 'text-delta', text: tag + text }]
  }
  return {
    tag: (event) => {
      if (event.type === 'reasoning-delta') return thinking(event.text)
      const ends = event.type === 'text-delta' || event.type === 'tool-call-start' || event.type === 'end'
      return ends ? closing(event) : [event]
    },
  }
}
