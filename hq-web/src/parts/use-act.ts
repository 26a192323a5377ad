// Doing something at the server from a view: one thing at a time, and what was refused is there to be shown.
import { useState } from 'preact/hooks'
import { ApiProblem, type Problem } from '../api.ts'

export interface Act {
  readonly busy: boolean
  readonly problem: Problem | null
  /** True when it was done. */
  readonly attempt: (deed: () => Promise<void>) => Promise<boolean>
  /** What the server says of a field, or of what is in it. */
  readonly faultOf: (field: string) => string | undefined
}

export function useAct(): Act {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const attempt = async (deed: () => Promise<void>): Promise<boolean> => {
    if (busy) return false
    setBusy(true)
    setProblem(null)
    try {
      await deed()
      return true
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      setProblem(error.problem)
      return false
    } finally {
      setBusy(false)
    }
  }
  const faultOf = (field: string): string | undefined =>
    problem?.errors?.find(({ path }) => path === field || path.startsWith(`${field}.`))?.message
  return { busy, problem, attempt, faultOf }
}
