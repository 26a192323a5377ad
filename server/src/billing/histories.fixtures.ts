// The lives of jobs drawn at random, as the server lives them with its store: registered, answered, ended, asked about again;
// and at any statement the process may die, before it or behind it, or only lose the answer. After a death the next process
// goes on from what is durable, as a restarted server does.
import fc from 'fast-check'
import { contractSchema } from '@forge/shared/contract/envelope.ts'
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { shardsOf } from '@forge/shared/kernels/kernel.ts'
import { ulid } from 'ulid'
import { planOf } from '../hub/edge/planning.ts'
import { ANY_NUMBER, NO_LIMITS } from '../store/ledger-store.ts'
import { aJob, aSubmission, aVerdict, digestOf, identityOf, noWrites } from '../store/store.fixtures.ts'
import type { NewJob, ShardWrites, Store } from '../store/store.ts'
import { acceptContract, newJob } from '../web-core/contract.ts'
import { Refusal } from '../web-core/refusal.ts'
import { Died, type Crash, type Crashing } from './crashing.fixtures.ts'
import { listPrice, priceReached, termsOf } from './price.ts'

export type End = 'COMPLETED' | 'DEGRADED' | 'FAILED' | 'CANCELLED'

export interface History {
  /** Which of the contracts. */
  readonly contract: number
  readonly project: number
  /** How often its client asks for it. */
  readonly asks: number
  readonly hasClientId: boolean
  readonly answers: readonly Answer[]
  /** In this order, where two of them may come at once; the first that is durable is the end. */
  readonly ends: readonly End[]
  readonly atOnce: boolean
  /** In thousandths of the price; null: none. */
  readonly creditNotes: readonly number[]
  readonly crashes: readonly (Crash | null)[]
}

interface Answer {
  readonly shard: number
  readonly by: number
  readonly role: 'first' | 'check' | 'referee'
  readonly tier: 'probation' | 'veteran' | 'trusted'
  readonly isWrong: boolean
  readonly isVoid: boolean
}

const EXECUTORS = ['ann', 'bob', 'eve', 'kim'].map(identityOf)
export const PROJECTS = 4

/** Most statements of a step come before this number. */
const STATEMENTS_MOST = 24

const crash: fc.Arbitrary<Crash | null> = fc.option(
  fc.record({
    at: fc.nat(STATEMENTS_MOST),
    // A lost connection is waited for.
    how: fc.oneof(
      { weight: 6, arbitrary: fc.constant<Crash['how']>('before') },
      { weight: 6, arbitrary: fc.constant<Crash['how']>('behind') },
      { weight: 1, arbitrary: fc.constant<Crash['how']>('lost') },
    ),
  }),
)

export const histories: fc.Arbitrary<History> = fc.record({
  contract: fc.nat(),
  project: fc.nat(PROJECTS - 1),
  asks: fc.integer({ min: 1, max: 3 }),
  hasClientId: fc.boolean(),
  answers: fc.uniqueArray(
    fc.record<Answer>({
      shard: fc.nat(5),
      by: fc.nat(EXECUTORS.length - 1),
      role: fc.constantFrom('first', 'check', 'referee'),
      tier: fc.constantFrom('probation', 'veteran', 'trusted'),
      isWrong: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
      isVoid: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    }),
    { selector: ({ shard, by }) => shard * 10 + by, maxLength: 8 },
  ),
  ends: fc.array(fc.constantFrom<End>('COMPLETED', 'COMPLETED', 'DEGRADED', 'FAILED', 'CANCELLED'), {
    minLength: 1,
    maxLength: 3,
  }),
  atOnce: fc.boolean(),
  creditNotes: fc.array(fc.integer({ min: -1, max: 1_100 }), { maxLength: 2 }),
  crashes: fc.array(crash, { minLength: 5, maxLength: 5 }),
})

export interface Contract {
  /** Its body, as jobs of it are made from. */
  readonly made: (projectId: ProjectId, clientJobId: string | null) => NewJob
  /** By the price list, in micro-credits; of a test job what it would cost. */
  readonly list: { readonly whole: bigint; readonly degraded: bigint }
  /** What its answer says. */
  readonly billing: Readonly<Record<'COMPLETED' | 'DEGRADED', { readonly credits: number; readonly eur: number }>>
  readonly mode: 'billable' | 'test'
  readonly shards: number
}

/** Of all modes, policies and some sizes: their plans are made once. */
export function contracts(): readonly Contract[] {
  return [1, 999, 65_536, 1_000_000, 10_000_000].flatMap((iterations) =>
    (['none', 'spotcheck', 'full'] as const).flatMap((verify) =>
      (['billable', 'test'] as const).map((mode) => contractOf(iterations, verify, mode)),
    ),
  )
}

function contractOf(iterations: number, verify: 'none' | 'spotcheck' | 'full', mode: Contract['mode']): Contract {
  const sent = {
    ctx: { billing: { mode } },
    op: { name: 'mc', version: 1, profile: 'insurance.v1' },
    seed: { mode: 'explicit', value: 'seed' },
    policy: { target: 'any', min_agents: 1, max_agents: 9, verify, spotcheck_rate: 0.25 },
    args: { iterations, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 },
  }
  const accepted = acceptContract(contractSchema.parse(sent), sent, { args: sent.args, references: [] })
  if (accepted instanceof Refusal) throw new Error(accepted.problem.detail)
  const maker = { nowMs: AT_MS, newUlid: ulid, randomBytes: (count: number) => new Uint8Array(count) }
  const billed = (isDegraded: boolean) => {
    const { credits, eur } = priceReached(accepted, isDegraded)
    return { credits, eur }
  }
  const like = newJob(accepted, 'x' as ProjectId, maker)
  return {
    made: (projectId, clientJobId) =>
      aJob(projectId, { ...like, id: ulid() as JobId, projectId, clientJobId, createdAtMs: AT_MS }),
    list: { whole: listPrice(accepted).microCredits, degraded: listPrice(accepted, true).microCredits },
    billing: { COMPLETED: billed(false), DEGRADED: billed(true) },
    mode,
    shards: shardsOf(accepted.plan.grid),
  }
}

export const AT_MS = 1_790_000_000_000

export interface Lived {
  /** Every job that is there of it: one, unless a client without an id asks again. */
  readonly ids: readonly JobId[]
  /** The ends that the store said were made, of each job. */
  readonly acknowledged: ReadonlyMap<JobId, readonly End[]>
  /** Credit notes that it said were written. */
  readonly noted: ReadonlyMap<JobId, readonly bigint[]>
}

/** Lives a history through; in the end all of its jobs have ended. */
export async function live(
  history: History,
  contract: Contract,
  projectId: ProjectId,
  world: Crashing,
): Promise<Lived> {
  let store = world.start()
  const crashes = [...history.crashes]
  /** What a step began and a death broke off, the next process may or may not do again. */
  const step = async <T>(act: (store: Store) => Promise<T>): Promise<T | null> => {
    world.arm(crashes.shift() ?? null)
    try {
      return await act(store)
    } catch (error) {
      if (!(error instanceof Died)) throw error
      store = world.start()
      return null
    } finally {
      world.arm(null)
    }
  }
  const clientJobId = history.hasClientId ? ulid() : null
  const tried: NewJob[] = []
  for (let asked = 0; asked < history.asks; asked++) {
    const job = contract.made(projectId, clientJobId)
    tried.push(job)
    const booking = { terms: termsOf(planOf(job)), limits: NO_LIMITS, jobs: ANY_NUMBER }
    const registered = await step((of) => of.registerJob(job, booking))
    // A client that has an answer, or no id to ask again with, is done.
    if (registered !== null || clientJobId === null) break
  }
  const rows = await Promise.all(tried.map(({ id }) => store.job(id)))
  const ids = rows.flatMap((row) => (row === null ? [] : [row.id]))
  const acknowledged = new Map<JobId, End[]>()
  const noted = new Map<JobId, bigint[]>()
  for (const id of ids) {
    await step((of) => of.writeShards(writesOf(id, history.answers, contract)))
    acknowledged.set(id, await ended(id, history, contract, step))
    // Whatever was broken off, the last process brings to an end.
    if ((await store.job(id))?.finishedAtMs === null) {
      if (await store.finishJob(id, endOf('FAILED', contract))) acknowledged.get(id)?.push('FAILED')
    }
    noted.set(id, await credited(id, history, contract, step))
  }
  return { ids, acknowledged, noted }
}

type Step = <T>(act: (store: Store) => Promise<T>) => Promise<T | null>

async function ended(id: JobId, { ends, atOnce }: History, contract: Contract, step: Step): Promise<End[]> {
  const made: End[] = []
  const end = async (store: Store, what: End): Promise<void> => {
    if (await store.finishJob(id, endOf(what, contract))) made.push(what)
  }
  const [first = 'FAILED', ...more] = ends
  // What a dead process had not written is not there; a promise that it left behind rejects, and is heard.
  if (atOnce) {
    await step(async (store) => {
      const all = await Promise.allSettled(ends.map((what) => end(store, what)))
      for (const one of all) if (one.status === 'rejected') throw one.reason
    })
  } else for (const what of [first, ...more]) await step((store) => end(store, what))
  return made
}

async function credited(id: JobId, { creditNotes }: History, { list }: Contract, step: Step): Promise<bigint[]> {
  const made: bigint[] = []
  for (const thousandths of creditNotes) {
    const microCredits = (list.whole * BigInt(thousandths)) / 1_000n
    await step(async (store) => {
      try {
        if (await store.creditNote(id, { microCredits, reason: 'x', atMs: AT_MS + 9 })) made.push(microCredits)
      } catch (error) {
        // Of a job that paid nothing, or less.
        if (!(error instanceof Error) || error.name !== 'StoreContradiction') throw error
      }
    })
  }
  return made
}

function endOf(end: End, { billing, list }: Contract): Parameters<Store['finishJob']>[1] {
  const finishedAtMs = AT_MS + 5
  if (end === 'COMPLETED' || end === 'DEGRADED') {
    const microCredits = end === 'DEGRADED' ? list.degraded : list.whole
    return { state: 'COMPLETED', answer: JSON.stringify({ end, billing: billing[end] }), microCredits, finishedAtMs }
  }
  return { state: end, problem: problem(end === 'FAILED' ? 'TIMED_OUT' : 'CANCELLED', 'x'), finishedAtMs }
}

/** A verdict stands for each shard that anybody answered right. */
function writesOf(jobId: JobId, answers: readonly Answer[], { shards }: Contract): ShardWrites {
  const within = answers.filter(({ shard }) => shard < shards)
  const executorOf = ({ by }: Answer) => EXECUTORS[by] ?? identityOf('nobody')
  const right = new Set(within.filter(({ isWrong, isVoid }) => !isWrong && !isVoid).map(({ shard }) => shard))
  return {
    ...noWrites,
    submissions: within.map((answer) =>
      aSubmission(jobId, answer.shard, {
        executor: executorOf(answer),
        role: answer.role,
        tier: answer.tier,
        trusted: answer.tier === 'trusted',
        ...(answer.isWrong ? { digest: digestOf(`wrong ${answer.shard} ${answer.by}`) } : {}),
      }),
    ),
    verdicts: [...right].map((shard) => aVerdict(jobId, shard)),
    voids: within
      .filter(({ isVoid }) => isVoid)
      .map((answer) => ({ jobId, shard: answer.shard, executor: executorOf(answer), reason: 'x' })),
  }
}
