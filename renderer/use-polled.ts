import { useEffect, useState } from 'react'

export interface Polled<Value> {
  readonly value: Value | undefined
  readonly error: string | undefined
}

/** Asks at once and then every `everyMs`, one question at a time; keeps the last answer when a later one fails. */
export function usePolled<Value>(ask: () => Promise<Value>, everyMs: number): Polled<Value> {
  const [state, setState] = useState<Polled<Value>>({ value: undefined, error: undefined })
  useEffect(() => {
    let isOver = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const askAgain = async (): Promise<void> => {
      try {
        const value = await ask()
        if (!isOver) setState({ value, error: undefined })
      } catch (error) {
        if (!isOver) setState((before) => ({ ...before, error: String(error) }))
      }
      if (!isOver) timer = setTimeout(() => void askAgain(), everyMs)
    }
    void askAgain()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [ask, everyMs])
  return state
}
