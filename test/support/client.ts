// A client of the pool, as anybody would write one: posts contracts, looks at jobs, waits for their end. It knows the
// public API and nothing else.
import { expect } from 'vitest'
import type { StoredAnswer } from '@forge/server/hub/edge/hub-interface.ts'
import type { Problem } from '@forge/shared/contract/problem.ts'
import type { Contract } from './contract.ts'
import { eventuallySeen } from './eventually.ts'
import type { Expected } from './expected.ts'

export const API_KEY = 'fpak_of_the_stories_told_in_test'

/** A job as GET shows it; which of the optional parts are there depends on the state. */
export interface JobView {
  readonly ok: true
  readonly job_id: string
  readonly status: 'QUEUED' | 'RUNNING' | 'VERIFYING' | 'COMPLETED' | 'FAILED' | 'CANCELLED'
  readonly ctx: Readonly<Record<string, string>>
  readonly reason?: string | null
  readonly progress?: {
    readonly shards: number
    readonly answered: number
    readonly accepted: number
    readonly agents_now: number
    readonly eligible_agents: number
  } | null
  readonly problem?: Problem
}

/** A completed job. */
export type Answer = JobView & StoredAnswer

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

export interface Client {
  /** `prefer` is the header's value. */
  post(contract: Contract, prefer?: string): Promise<Reply>
  /** Posts and waits for the answer; throws what came instead. */
  run(contract: Contract): Promise<Answer>
  /** Posts without waiting and returns the job's id. */
  begin(contract: Contract): Promise<string>
  job(id: string): Promise<JobView>
  /** The same, with whatever the server answers. */
  look(id: string): Promise<Reply>
  /** Waits until the job has ended, and throws when it has no result. */
  result(id: string): Promise<Answer>
  /** Waits until the job looks like this. */
  until(id: string, holds: (view: JobView) => boolean): Promise<JobView>
}

/** A job that takes longer has stopped. */
const PATIENCE_MS = 100_000

export function clientOf(url: string, key: string): Client {
  const authorization = `Bearer ${key}`
  const look = async (id: string): Promise<Reply> =>
    replyOf(await fetch(`${url}/api/v0/jobs/${id}`, { headers: { authorization } }))
  const job = async (id: string): Promise<JobView> => viewOf(await look(id), 200)
  const post = async (contract: Contract, prefer?: string): Promise<Reply> => {
    const response = await fetch(`${url}/api/v0/ops/execute`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', ...(prefer === undefined ? {} : { prefer }) },
      body: JSON.stringify(contract),
    })
    return replyOf(response)
  }
  const until = async (id: string, holds: (view: JobView) => boolean): Promise<JobView> => {
    const view = await eventuallySeen(
      `job ${id}`,
      () => job(id),
      (seen) => holds(seen) || hasEnded(seen),
      PATIENCE_MS,
    )
    // An end is final: what has not been seen by then will not come.
    if (!holds(view)) throw new Error(`job ${id} ended and was never as expected: ${JSON.stringify(view)}`)
    return view
  }
  return {
    post,
    job,
    look,
    until,
    run: async (contract) => completed(viewOf(await post(contract), 200)),
    begin: async (contract) => viewOf(await post(contract, 'respond-async'), 202).job_id,
    result: async (id) => completed(await until(id, hasEnded)),
  }
}

async function replyOf(response: Response): Promise<Reply> {
  const body: unknown = JSON.parse(await response.text())
  return { status: response.status, headers: response.headers, body }
}

function viewOf({ status, body }: Reply, wanted: number): JobView {
  if (status !== wanted) throw new Error(`the server answered ${status}, not ${wanted}: ${JSON.stringify(body)}`)
  const view: JobView = JSON.parse(JSON.stringify(body))
  return view
}

const hasEnded = ({ status }: JobView): boolean => ['COMPLETED', 'FAILED', 'CANCELLED'].includes(status)

function completed(view: JobView): Answer {
  if (!isAnswer(view)) throw new Error(`job ${view.job_id} has no result: ${JSON.stringify(view)}`)
  return view
}

export const isAnswer = (view: JobView): view is Answer => view.status === 'COMPLETED' && 'hub' in view

/** Output, digests and root are those that one thread computes alone. */
export function expectSameBits({ hub }: Answer, expected: Expected): void {
  expect({ output: hub.output, ...pick(hub.replay), shards: hub.metrics.shards }).toEqual({
    output: expected.output,
    output_digest: expected.outputDigest,
    merkle_root: expected.merkleRoot,
    contract_digest: expected.contractDigest,
    shards: expected.shards,
  })
}

const pick = ({ output_digest, merkle_root, contract_digest }: Answer['hub']['replay']) => ({
  output_digest,
  merkle_root,
  contract_digest,
})
