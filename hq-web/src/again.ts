// Asking again by itself, with growing pauses, while the server is away: a page that was opened during a restart or without a
// network comes to life when there is one.
import { useEffect, useRef } from 'preact/hooks'
import type { Problem } from './api.ts'

const FIRST_MS = 500
/** No longer than one likes to look at a page that says nothing. */
const LONGEST_MS = 30_000

/** After so many tries that failed before this one. */
export const pauseMs = (tries: number): number => Math.min(LONGEST_MS, FIRST_MS * 2 ** tries)

/** The server was not reached, or cannot answer for a moment; what it refuses, it refuses again. */
export const mayPass = ({ status, retryable }: Pick<Problem, 'status' | 'retryable'>): boolean =>
  status === 0 || (status >= 500 && retryable)

/** `again` asks anew, and brings another problem, or null. When the browser is online again it is called at once. */
export function useAgain(problem: Problem | null, again: () => void): void {
  const tries = useRef(0)
  useEffect(() => {
    if (problem === null) tries.current = 0
    if (problem === null || !mayPass(problem)) return
    const timer = setTimeout(again, pauseMs(tries.current++))
    addEventListener('online', again)
    return () => {
      clearTimeout(timer)
      removeEventListener('online', again)
    }
  }, [problem])
}
