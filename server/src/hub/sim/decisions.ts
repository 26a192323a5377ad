// What is decided of identities beside the simulated Hub's own core: which courses such decisions take, and in which worlds.
import type { Identity } from '@forge/shared/contract/ids.ts'
import type { OrderKind } from '../../store/agent-orders.ts'
import type { AgentPlan } from './agent-plan.ts'
import { Random } from './random.ts'

type What = Exclude<OrderKind, 'requalified'> | 'exposed' | 'back'

/** What happens to an identity: `back` is that it passed its trial on another server. */
export interface Decision {
  readonly atMs: number
  /** If it has a number: not then, but so long after the first trial that it is given from then on. */
  readonly inTrialMs: number | null
  readonly identity: Identity
  readonly what: What
  /** By the operator on this Hub, which then hears of it at once. */
  readonly isHere: boolean
  /** By how much the clock that dates it differs from this Hub's. */
  readonly skewMs: number
}

const COURSES: readonly (readonly What[])[] = [
  ['quarantine'],
  ['ban'],
  ['quarantine', 'ban'],
  ['quarantine', 'release'],
  ['ban', 'release'],
  ['ban', 'release', 'ban'],
  ['quarantine', 'release', 'back'],
  ['quarantine', 'release', 'back'],
  ['quarantine', 'release', 'ban'],
  ['ban', 'release', 'back', 'quarantine'],
  ['release', 'ban'],
]
/** Of those alone that lie: what is proven of the others is a fault. */
const COURSES_OF_LIARS: readonly (readonly What[])[] = [
  ['exposed'],
  ['exposed', 'back'],
  ['exposed', 'exposed'],
  ['exposed', 'release', 'back'],
  ['exposed', 'release', 'exposed'],
  ['exposed', 'release', 'ban'],
  ['exposed', 'back', 'exposed', 'release'],
  ['quarantine', 'exposed', 'release'],
  ['ban', 'exposed'],
  ['ban', 'release', 'exposed', 'back'],
  ['ban', 'release', 'back', 'exposed'],
  ['ban', 'release', 'exposed', 'release', 'back'],
  ['exposed', 'ban', 'release', 'back'],
]

interface Setting {
  readonly seed: number
  readonly agents: readonly AgentPlan[]
  readonly mustComplete: boolean
}

const DECISIONS_FROM = 9_000_011
const isWithDecisions = (random: Random): boolean => random.chance(1 / 6)

/** False where there are none. */
export const hasDecisions = (seed: number): boolean => isWithDecisions(new Random(seed + DECISIONS_FROM))

/** In one world in six; by a source of chance of its own, so that the others stay what they were. */
export function decisionsOf({ seed, agents, mustComplete }: Setting): readonly Decision[] {
  const random = new Random(seed + DECISIONS_FROM)
  if (!isWithDecisions(random)) return []
  // Nobody orders about a referee; and who must be there for a job to complete is left in peace.
  const found = agents.filter(({ referee, kind, sessions }) => !referee && kind !== 'hung' && sessions > 0)
  const open = mustComplete ? found.filter(({ identity }) => identity.startsWith('other-')) : found
  if (open.length === 0) return []
  const liars = open.filter(({ lieRate }) => lieRate > 0)
  return Array.from({ length: random.int(1, 4) }, () =>
    courseOf(random, random.pick(liars.length > 0 && random.chance(0.5) ? liars : open)),
  ).flat()
}

function courseOf(random: Random, { identity, lieRate }: AgentPlan): Decision[] {
  const course = random.pick(lieRate > 0 ? [...COURSES, ...COURSES_OF_LIARS] : COURSES)
  const paceMs = random.pick([50, 200, 3_000, 15_000])
  const skewMs = random.pick([0, 0, -1_500, 1_500])
  let atMs = random.int(500, 12_000)
  return course.map((what, index) => {
    const isLast = index > 0 && index === course.length - 1
    const inTrialMs = isLast && what === 'ban' && random.chance(0.7) ? random.int(1, 200) : null
    const decided = { atMs, inTrialMs, identity, what, isHere: random.chance(0.5), skewMs }
    atMs += random.int(1, paceMs)
    return decided
  })
}
