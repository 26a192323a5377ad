// A job's chain of events: whether it holds, and whether it tells what the job's row says.
import { z } from 'zod'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import { eventHash } from '../store/event-chain.ts'
import { answerDigest, endTold, registeredData, type End } from '../store/event-data.ts'
import type { EventRow, JobRow } from '../store/store.ts'

/** `voids`: how many rows of the job say that a submission is void. */
export function checkEvents(job: JobRow, events: readonly EventRow[], voids: number): string[] {
  if (events.length === 0) return ['it has no events']
  return [
    ...checkChain(events),
    ...checkBeginning(job, events),
    ...checkEnd(job, events),
    ...checkChanges(job, events),
    ...checkVoided(events, voids),
  ]
}

/** The first link that does not hold is told: all that follow rest on it. */
function checkChain(events: readonly EventRow[]): string[] {
  for (const [place, event] of events.entries()) {
    const before = events[place - 1]
    if (event.number !== place) return [`its event ${place} is missing: the next one has the number ${event.number}`]
    if (event.previous !== (before?.hash ?? null)) return [`its event ${place} does not follow from the one before`]
    if (!isTrue(event)) return [`its event ${place} is not what its hash was made of`]
  }
  return []
}

function isTrue(event: EventRow): boolean {
  try {
    return eventHash(event) === event.hash && canonicalJson(JSON.parse(event.data)) === event.data
  } catch {
    return false
  }
}

const adoptedSchema = z.strictObject({
  answer: z.string().optional(),
  contractDigest: z.string(),
  kernelDigest: z.string(),
  requestDigest: z.string(),
  state: z.string(),
})

function checkBeginning(job: JobRow, events: readonly EventRow[]): string[] {
  const [first] = events
  if (first?.type === 'adopted') {
    const found = adoptedSchema.safeParse(parsed(first))
    const { contractDigest, kernelDigest, requestDigest } = job
    const same = [
      found.data?.contractDigest === contractDigest,
      found.data?.kernelDigest === kernelDigest,
      found.data?.requestDigest === requestDigest,
    ]
    return same.every(Boolean) ? [] : ['its row was adopted with other digests than it has now']
  }
  if (first?.type !== 'registered') return ['its events do not begin with its registration']
  return first.data === canonicalJson(registeredData(job))
    ? []
    : ['it was registered with other digests or another key']
}

const ENDS: ReadonlySet<EventRow['type']> = new Set(['completed', 'failed', 'cancelled'])

function checkEnd(job: JobRow, events: readonly EventRow[]): string[] {
  const ends = events.filter((event) => ENDS.has(event.type) || endsAdopted(event) !== null)
  const end = endOf(job)
  if (end === null) return ends.length === 0 ? [] : ['its events tell of an end that its row does not have']
  const [told, ...more] = ends
  if (told === undefined) return [`it is ${job.state}, and its events tell of no end`]
  if (more.length > 0) return [`its events tell of ${ends.length} ends`]
  const late = events.slice(events.indexOf(told) + 1).find(({ type }) => type !== 'notice')
  if (late !== undefined) return [`its event ${late.number} (${late.type}) came after its end`]
  return isTold(end, told) ? [] : [`its end is not the one that its event ${told.number} (${told.type}) tells of`]
}

function isTold(end: End, event: EventRow): boolean {
  const adopted = endsAdopted(event)
  if (adopted !== null) {
    const answer = end.state === 'COMPLETED' ? answerDigest(end.answer) : undefined
    return adopted.state === end.state && adopted.answer === answer
  }
  const told = endTold(end)
  return event.type === told.type && event.data === canonicalJson(told.data)
}

/** What an event says of a job that had ended before it was adopted. */
function endsAdopted(event: EventRow): z.infer<typeof adoptedSchema> | null {
  if (event.type !== 'adopted') return null
  const { data } = adoptedSchema.safeParse(parsed(event))
  return data !== undefined && /^(COMPLETED|FAILED|CANCELLED)$/.test(data.state) ? data : null
}

function endOf({ state, answer, problem }: JobRow): End | null {
  if (state === 'COMPLETED') return { state, answer: answer ?? '' }
  if (state === 'FAILED' || state === 'CANCELLED') return { state, problem: problem ?? { code: 'INTERNAL' } }
  return null
}

const stateSchema = z.strictObject({ state: z.string(), reason: z.string().nullable() })

/** The last change that is told of is the one that the row has. */
function checkChanges(job: JobRow, events: readonly EventRow[]): string[] {
  const problems: string[] = []
  const basis = events.findLast(({ type }) => type === 'basis')
  const isAdopted = events[0]?.type === 'adopted'
  const told = basis === undefined ? null : basis.data
  const has = job.basis === null ? null : canonicalJson({ basis: job.basis })
  if (told !== has && !(isAdopted && told === null)) problems.push('its basis is not the one that its events tell of')
  const last = events.findLast(({ type }) => type === 'state')
  const state = last === undefined ? 'QUEUED' : stateSchema.safeParse(parsed(last)).data?.state
  const unfinished = endOf(job) === null && !(isAdopted && last === undefined)
  if (unfinished && state !== job.state) problems.push(`it is ${job.state}, and its events say ${state}`)
  return problems
}

const voidedSchema = z.strictObject({ executor: z.string(), reason: z.string(), shards: z.int().positive() })

function checkVoided(events: readonly EventRow[], voids: number): string[] {
  const told = events
    .filter(({ type }) => type === 'voided')
    .reduce((sum, event) => sum + (voidedSchema.safeParse(parsed(event)).data?.shards ?? NaN), 0)
  const isAdopted = events[0]?.type === 'adopted'
  if (told === voids || (isAdopted && told < voids)) return []
  return [`${voids} of its submissions are void, and its events tell of ${told}`]
}

function parsed({ data }: EventRow): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return null
  }
}
