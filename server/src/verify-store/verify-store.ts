// Whether a store is what it was when it was written: every job's events, shards, record and answer, and what stands beside
// the jobs. It reads and changes nothing. Whoever can write all of it consistently is not found out by it.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import type { SigningKey } from '@forge/shared/receipt/keys.ts'
import { keysOf } from '../receipt/signing-key.ts'
import type { Reading } from '../store/open-store.ts'
import type { LogRow } from '../store/seal-store.ts'
import { isPassing } from '../store/sql-error.ts'
import type { EventRow, JobRow, Store } from '../store/store.ts'
import { answerOfRow, checkAnswer } from './check-answer.ts'
import { checkActs } from './check-acts.ts'
import { checkEvents } from './check-events.ts'
import { checkNotices, checkQuarantines } from './check-identities.ts'
import { checkLedger } from './check-ledger.ts'
import { checkExecutors } from './check-executors.ts'
import { checkRecord } from './check-record.ts'
import { checkLinks, checkSeals } from './check-seals.ts'
import { checkPartials, checkVerdicts, rootOf } from './check-shards.ts'

export interface Verified {
  jobs: number
  /** Verdicts. */
  shards: number
  problems: number
  /** Completed jobs whose kernel this version lacks. */
  notReduced: number
  /** Completed jobs whose partials retention took. */
  dropped: number
}

type Read = Pick<Reading, 'store' | 'rows'>

/** `tell` gets one line a problem. */
export async function verifyStore(reading: Read, tell: (line: string) => void): Promise<Verified> {
  const verified: Verified = { jobs: 0, shards: 0, problems: 0, notReduced: 0, dropped: 0 }
  const report = (lines: readonly string[]): void => {
    verified.problems += lines.length
    for (const line of lines) tell(line)
  }
  const keys = keysOf(await reading.store.signingPeriods())
  for (let ids = await reading.rows.jobIdsAfter(''); ids.length > 0;) {
    for (const id of ids) {
      const { problems, shards, isReduced, isDropped } = await verifyJob(reading, id, keys)
      report(problems.map((problem) => `job ${id}: ${problem}`))
      verified.jobs++
      verified.shards += shards
      if (isDropped) verified.dropped++
      else if (!isReduced && problems.length === 0) verified.notReduced++
    }
    ids = await reading.rows.jobIdsAfter(ids.at(-1) ?? '')
  }
  report(
    (await reading.rows.lostJobs()).map((id) => `job ${id}: its row is gone, and something that speaks of it is not`),
  )
  report(await checkQuarantines(reading.rows))
  for (const project of await reading.rows.projects()) {
    const problems = await looked(() => checkLog(reading, project, keys))
    report(problems.map((problem) => `project ${project}: its log: ${problem}`))
  }
  for (const chain of await reading.rows.actChains()) {
    const problems = await looked(() => checkActs(reading.store, chain))
    report(problems.map((problem) => `acts of ${chain}: ${problem}`))
  }
  report((await reading.rows.wrongSnapshots()).map((scope) => `the snapshot of ${scope} is not the sum of its entries`))
  return verified
}

/** What is wrong, where the looking itself may fail: one damaged chain does not hide the others. */
async function looked(look: () => Promise<string[]>): Promise<string[]> {
  try {
    return await look()
  } catch (error) {
    // A row that no longer parses is a problem; a database that went away is the end of looking.
    if (isPassing(error)) throw error
    return [`it cannot be read: ${String(error)}`]
  }
}

interface VerifiedJob {
  readonly problems: string[]
  readonly shards: number
  readonly isReduced: boolean
  readonly isDropped?: boolean
}

async function verifyJob(reading: Read, id: JobId, keys: readonly SigningKey[]): Promise<VerifiedJob> {
  try {
    const job = await reading.store.job(id)
    if (job === null) throw new Error('it is gone while it was looked at')
    const found = await checkJob(reading, job)
    return { ...found, problems: [...found.problems, ...(await checkMoney(reading, job, keys))] }
  } catch (error) {
    // A row that no longer parses is a problem; a database that went away is the end of looking.
    if (isPassing(error)) throw error
    return { problems: [`it cannot be read: ${String(error)}`], shards: 0, isReduced: false }
  }
}

async function checkJob({ store, rows: stored }: Read, job: JobRow): Promise<VerifiedJob> {
  const [events, notices] = [await eventsOf(store, job), await store.noticesOf(job.id)]
  const verdicts = await store.verdicts(job.id)
  const submissions = await stored.submissions(job.id)
  const rows = { verdicts, submissions, partials: store.partials(job.id, 0, SHARDS_MAX) }
  const isDropped = (await store.droppedAt(job.id)) !== null
  const missing = await checkPartials(rows, isDropped)
  const problems = [
    ...checkEvents(job, events, await stored.voids(job.id)),
    ...checkNotices(job, notices, events),
    ...missing,
  ]
  if (job.state !== 'COMPLETED') return { problems, shards: verdicts.length, isReduced: true }

  problems.push(...checkExecutors(await stored.executors(job.id), verdicts, submissions))
  const answer = answerOfRow(job)
  if (answer === null) return { problems: [...problems, 'its answer cannot be read'], shards: 0, isReduced: false }
  const { verification, replay } = answer.hub
  const wrong = checkVerdicts(verification.shards, rows)
  const root = rootOf(verdicts)
  if (root !== replay.merkle_root) {
    wrong.push(`its answer says merkle_root ${replay.merkle_root}, its verdicts give ${root}`)
  }
  const isWhole = !isDropped && missing.length + wrong.length === 0
  const again = await checkAnswer(job, answer, store, isWhole)
  problems.push(...wrong, ...checkRecord(verification, verdicts, submissions), ...again.problems)
  return { problems, shards: verdicts.length, isReduced: again.isReduced, isDropped }
}

/** What was booked for it and what was signed of it. */
async function checkMoney({ store, rows: stored }: Read, row: JobRow, keys: readonly SigningKey[]): Promise<string[]> {
  const [verdicts, transactions] = [await store.verdicts(row.id), await store.transactionsOf(row.id)]
  const answer = answerOfRow(row)
  const price = answer && { ...answer.billing, isDegraded: answer.hub.verification['status'] === 'degraded' }
  const submissions = await stored.submissions(row.id)
  const notices = await store.noticesOf(row.id)
  const seals = await stored.seals(row.id)
  const isUnsigned = (await store.droppedAt(row.id)) !== null && seals.length === 0
  return [
    ...checkLedger(row, { transactions, submissions, verdicts, notices }, price),
    ...checkSeals(
      { row, verdicts, transactions },
      {
        seals,
        log: await stored.logOf(row.id),
        waiting: new Set((await stored.waiting(row.id)).map(({ kind, number }) => `${kind} ${number}`)),
        notices,
        keys,
      },
    ),
    ...(isUnsigned ? ['its partials were deleted before it was signed'] : []),
  ]
}

async function checkLog({ store }: Read, project: ProjectId, keys: readonly SigningKey[]): Promise<string[]> {
  let last: LogRow | undefined
  for (let rows = await store.receiptLog(project, 0); rows.length > 0;) {
    const problems = checkLinks(rows, last ?? null, keys)
    if (problems.length > 0) return problems
    last = rows.at(-1)
    rows = await store.receiptLog(project, (last?.place ?? 0) + 1)
  }
  return []
}

/** Beyond any shard that a column can hold. */
const SHARDS_MAX = 2 ** 31 - 1

async function eventsOf(store: Store, job: JobRow): Promise<EventRow[]> {
  const events: EventRow[] = []
  for (let batch = await store.eventsOf(job.id, -1); batch.length > 0;) {
    events.push(...batch)
    batch = await store.eventsOf(job.id, batch.at(-1)?.number ?? SHARDS_MAX)
  }
  return events
}
