// What the request in the form would take, asked of the server a moment after the last key, and what it finds wrong.
import { useEffect, useState } from 'preact/hooks'
import { ApiProblem, post, type Problem, type Schema } from '../api.ts'

export type Estimate = Schema<'EstimateAnswer'>
export type Contract = Schema<'EstimateBody'>

const QUIET_MS = 250

export interface Estimated {
  readonly estimate: Estimate | null
  readonly problem: Problem | null
  /** Of another request than the one in the form now. */
  readonly isOld: boolean
}

/** Null for a request that is not one yet: there is nothing to price. */
export function useEstimate(contract: Contract | null): Estimated {
  const text = contract === null ? null : JSON.stringify(contract)
  const [state, setState] = useState<Estimated & { of: string | null }>({
    estimate: null,
    problem: null,
    isOld: true,
    of: null,
  })
  useEffect(() => {
    if (text === null) return
    const over = new AbortController()
    const timer = setTimeout(() => {
      post('/api/v0/ops/estimate', JSON.parse(text), { signal: over.signal }).then(
        (estimate) => setState({ estimate, problem: null, isOld: false, of: text }),
        (error: unknown) => {
          if (over.signal.aborted) return
          if (!(error instanceof ApiProblem)) throw error
          setState(({ estimate }) => ({ estimate, problem: error.problem, isOld: false, of: text }))
        },
      )
    }, QUIET_MS)
    return () => {
      clearTimeout(timer)
      over.abort()
    }
  }, [text])
  return { ...state, estimate: text === null ? null : state.estimate, isOld: state.of !== text }
}
