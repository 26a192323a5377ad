// The attack table: streams of jobs in pools with a fifth of colluders, and what of their lies is left in the answers.
import { PROBATION_SHARDS } from '../core/limits.ts'
import type { JobSpec } from '../core/state.ts'
import { ATTACKS, Coalition, type Attack } from './attack-coalition.ts'
import { AttackPool, honest, type JobEnd } from './attack-pool.ts'

export interface Cell {
  readonly attack: Attack
  readonly verify: JobSpec['policy']['verify']
  readonly referee: boolean
}

export interface Size {
  readonly worlds: number
  readonly jobs: number
  readonly shards: number
  readonly honest: number
  readonly colluders: number
}

/** 500 jobs of 64 shards: 32,000 shards, as in the design's table. */
export const FULL_SIZE: Size = { worlds: 20, jobs: 25, shards: 64, honest: 20, colluders: 5 }

const cellsOf = (attack: Attack, limits: readonly (readonly [Cell['verify'], number | null])[]): TableRow[] =>
  limits.flatMap(([verify, wrongMost]) =>
    [true, false].map((referee): TableRow => ({ cell: { attack, verify, referee }, wrongMost })),
  )

export interface TableRow {
  readonly cell: Cell
  /** The design's figure; null where it names none. */
  readonly wrongMost: number | null
}

/** Who cheats always or sleeps: the design's best rows. Who is patient keeps most of its 2 % of a fifth in a spotcheck. */
export const TABLE: readonly TableRow[] = [
  { cell: { attack: ATTACKS.always, verify: 'none', referee: true }, wrongMost: 0.2 },
  { cell: { attack: ATTACKS.slow, verify: 'none', referee: true }, wrongMost: 0.004 },
  ...[ATTACKS.always, ATTACKS.sleepers].flatMap((attack) =>
    cellsOf(attack, [
      ['spotcheck', 0.0018],
      ['full', 0],
    ]),
  ),
  ...cellsOf(ATTACKS.slow, [
    ['spotcheck', 0.004],
    ['full', 0],
  ]),
  ...[ATTACKS.fresh, ATTACKS.freshSleepers].flatMap((attack) =>
    cellsOf(attack, [
      ['spotcheck', null],
      ['full', null],
    ]),
  ),
  ...cellsOf(ATTACKS.patient, [
    ['spotcheck', 0.004],
    ['full', null],
  ]),
]

export interface CellResult {
  readonly cell: Cell
  readonly jobs: number
  readonly failed: number
  /** Of completed jobs. */
  readonly shards: number
  readonly wrong: number
  /** Completed jobs with a wrong shard: what is left comes in clusters, and these are the more independent count. */
  readonly wrongJobs: number
  /** The same of each world's first job alone: before anybody is exposed. */
  readonly firstShards: number
  readonly firstWrong: number
  readonly executions: number
  readonly exposed: number
  readonly wronged: number
  readonly degraded: number
}

export function runCell(cell: Cell, size: Size, seed: number): CellResult {
  const all: JobEnd[] = []
  const firsts: JobEnd[] = []
  let [exposed, wronged] = [0, 0]
  for (let world = 0; world < size.worlds; world++) {
    const pool = poolUnderAttack(cell, size, seed * 1_000 + world)
    const ends = Array.from({ length: size.jobs }, () => pool.run({ shards: size.shards, verify: cell.verify }))
    all.push(...ends)
    firsts.push(...ends.slice(0, 1))
    exposed += pool.exposed
    wronged += pool.wronged
  }
  const done = all.filter((end) => end.how === 'completed')
  const firstDone = firsts.filter((end) => end.how === 'completed')
  return {
    cell,
    jobs: all.length,
    failed: all.length - done.length,
    shards: done.length * size.shards,
    wrong: sumOf(done, ({ wrong }) => wrong),
    wrongJobs: done.filter(({ wrong }) => wrong > 0).length,
    firstShards: firstDone.length * size.shards,
    firstWrong: sumOf(firstDone, ({ wrong }) => wrong),
    executions: sumOf(done, ({ record }) => record.executions),
    exposed,
    wronged,
    degraded: done.filter(({ record }) => record.status === 'degraded').length,
  }
}

/**
 * Where the attackers slept, everybody's word counts by now: all that the core keeps of that time is their standing. Where
 * they cheat from the start, they are new, and so are most others.
 */
function poolUnderAttack({ attack, referee }: Cell, size: Size, seed: number): AttackPool {
  const coalition = new Coalition(attack)
  const pool: AttackPool = new AttackPool(seed, referee, (member) => coalition.replace(pool, member))
  const speed = (): number => pool.random.int(5, 20)
  const valid = attack.sleeps ? PROBATION_SHARDS : 0
  const members = [
    ...Array.from({ length: size.honest }, (_, n) => ({
      name: `honest-${n}`,
      shardsPerSecond: speed(),
      valid: n % 4 === 0 ? PROBATION_SHARDS : valid,
      part: honest,
    })),
    ...Array.from({ length: size.colluders }, () => coalition.member(pool, speed(), valid)),
  ]
  if (referee) {
    pool.join({ name: 'referee', shardsPerSecond: 20, valid: 0, part: honest, referee: true })
  }
  const order = members.map((member) => ({ member, at: pool.random.next() })).toSorted((a, b) => a.at - b.at)
  for (const { member } of order) pool.join(member)
  return pool
}

const sumOf = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((sum, item) => sum + of(item), 0)
