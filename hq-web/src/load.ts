// Loading what a view shows: the answer, the refusal, and asking again, by itself while the server is away. What was shown stays
// while it is asked for anew.
import { useCallback, useEffect, useState } from 'preact/hooks'
import { useAgain } from './again.ts'
import { ApiProblem, type Problem } from './api.ts'

export interface Loaded<T> {
  readonly data: T | null
  readonly problem: Problem | null
  readonly reload: () => void
}

/** `ask` is asked again whenever one of `inputs` changes. */
export function useLoad<T>(ask: (signal: AbortSignal) => Promise<T>, inputs: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<{ data: T | null; problem: Problem | null }>({ data: null, problem: null })
  const [round, setRound] = useState(0)
  useEffect(() => {
    const over = new AbortController()
    ask(over.signal).then(
      (data) => {
        if (!over.signal.aborted) setState({ data, problem: null })
      },
      (error: unknown) => {
        if (over.signal.aborted) return
        if (!(error instanceof ApiProblem)) throw error
        setState(({ data }) => ({ data, problem: error.problem }))
      },
    )
    return () => over.abort()
  }, [...inputs, round])
  const reload = useCallback(() => setRound((n) => n + 1), [])
  useAgain(state.problem, reload)
  return { ...state, reload }
}
