// One verification of a job at a time: the worker that runs it, and what it has said so far.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Checked } from '@forge/shared/receipt/check-receipt.ts'
import type { Problem } from '../api.ts'
import { verifyWords } from '../words/verify.ts'
import type { FromVerifier, ToVerifier } from './messages.ts'

/** A shard that was drawn; the digests are there when it has been run again. */
export interface Drawn {
  readonly shard: number
  readonly ran: { readonly found: string; readonly listed: string } | null
}

export type Verifying =
  | { readonly is: 'idle' }
  /** `drawn` is null while the bundle is read and its documents are checked. */
  | { readonly is: 'running'; readonly drawn: readonly Drawn[] | null }
  | { readonly is: 'done'; readonly drawn: readonly Drawn[] | null; readonly checked: readonly Checked[] }
  | { readonly is: 'refused'; readonly problem: Problem }
  | { readonly is: 'broken'; readonly says: string }

const drawnOf = (state: Verifying): readonly Drawn[] | null => ('drawn' in state ? state.drawn : null)

/** What is known after one more message. */
function heard(state: Verifying, message: FromVerifier): Verifying {
  switch (message.kind) {
    case 'step': {
      const { step } = message
      if (step.kind === 'drawn') return { is: 'running', drawn: step.shards.map((shard) => ({ shard, ran: null })) }
      const { shard, found, listed } = step
      const drawn = drawnOf(state) ?? []
      return {
        is: 'running',
        drawn: drawn.map((one) => (one.shard === shard ? { shard, ran: { found, listed } } : one)),
      }
    }
    case 'done':
      return { is: 'done', drawn: drawnOf(state), checked: message.checked }
    case 'refused':
      return { is: 'refused', problem: message.problem }
    case 'no-keys':
      return { is: 'broken', says: verifyWords.noKeys(message.says) }
  }
}

/** `receipt`: the body of the one that the page shows. */
export function useVerify(jobId: string, receipt: object) {
  const [state, setState] = useState<Verifying>({ is: 'idle' })
  const worker = useRef<Worker | null>(null)
  const end = useCallback(() => {
    worker.current?.terminate()
    worker.current = null
  }, [])
  useEffect(() => end, [jobId])
  const start = (shards: number): void => {
    end()
    setState({ is: 'running', drawn: null })
    const running = new Worker(new URL('./verify-worker.ts', import.meta.url), { type: 'module', name: 'verify' })
    worker.current = running
    running.onmessage = ({ data }: MessageEvent<FromVerifier>) => {
      setState((before) => heard(before, data))
      if (data.kind !== 'step') end()
    }
    running.onerror = (event) => {
      // Said on the page; the browser need not write it down as well.
      event.preventDefault()
      setState({ is: 'broken', says: verifyWords.broken(event.message) })
      end()
    }
    running.postMessage({ jobId, receipt, shards } satisfies ToVerifier)
  }
  const stop = (): void => {
    end()
    setState({ is: 'idle' })
  }
  return { state, start, stop }
}
