// The faults of the world beyond what agents, store and referee do by themselves: which are on in a seed, and how often
// each of all faults happened. A fault that is counted nowhere was not injected.
import { Random } from './random.ts'

export const FAULTS = {
  crash: 'the Hub is killed and started again',
  'crash between effects': 'killed between two effects of one decision',
  'crash after exposure': 'killed while what an exposure took back runs again',
  'hub paused': 'the Hub does nothing for a while, then hears everything at once',
  'clock forward': 'its clock jumps ahead',
  'clock back': 'its clock jumps back',
  disconnect: 'a session ends and is seen to end',
  'silent disconnect': 'a session ends and is seen to end 18 s later',
  freeze: 'an agent stands still and answers when it wakes',
  'late answer': 'an answer whose lease is gone or has another epoch',
  'frame lost': 'a frame to the Hub or to an agent never arrives',
  'frame doubled': 'a frame arrives twice',
  'frame late': 'a frame is overtaken by later ones',
  'store failed, not written': 'an answer could not be stored',
  'store failed, written': 'the same, and it was',
  'write repeated': 'a decision is written again, since nobody knew whether it was',
  lie: 'a wrong partial is returned',
  'forged frame': 'an answer under another assignment, epoch or shard',
  'false time': 'an answer claims a time that it did not take',
  'progress pretended': 'a hung agent tells of progress',
  'engine lost': 'an agent loses its GPU and goes on with WASM, in the middle of what it holds',
  'failure reported': 'an agent reports that it failed on a shard',
  contradiction: 'an answer of the last pass contradicts the first pass',
  exposure: 'an identity is exposed and put in quarantine',
  order: 'the operator quarantines, bans or releases an identity, on this server or another one',
  'exposure elsewhere': 'another server of the same database exposes an identity',
  'requalified elsewhere': 'an identity passes its trial on another server',
  cancel: 'a client cancels its job, while it runs or just as its end is written',
} as const
export type Fault = keyof typeof FAULTS

export type FaultCounts = Record<Fault, number>

export const noFaults = (): FaultCounts =>
  Object.fromEntries(Object.keys(FAULTS).map((fault) => [fault, 0])) as FaultCounts

/** What is on in a seed; zero rates and empty lists are off. All of it is over when the scenario's faults end. */
export interface FaultPlan {
  /** Of frames, both ways. */
  readonly lostRate: number
  readonly doubledRate: number
  readonly lateRate: number
  /** Of commands before which the Hub is killed. */
  readonly boundaryCrashRate: number
  readonly repeatRate: number
  readonly clockJumps: readonly { readonly atMs: number; readonly byMs: number }[]
  /** When the client of a job, counted from 0, cancels it: also one that has not begun, or has ended. */
  readonly cancels: readonly { readonly atMs: number; readonly job: number }[]
  readonly pauses: readonly { readonly atMs: number; readonly forMs: number }[]
}

/** Its own source of chance: another fault must not give every known seed another world. */
export function faultsOf(
  seed: number,
  { endMs, mustComplete, isKilled }: { endMs: number; mustComplete: boolean; isKilled: boolean },
): FaultPlan {
  const random = new Random(seed + 2_000_003)
  const rate = (...rates: number[]): number => (random.chance(0.35) && endMs > 0 ? random.pick(rates) : 0)
  const times = (most: number): number[] =>
    random.chance(0.3) && endMs > 0
      ? Array.from({ length: random.int(1, most) }, () => random.int(100, endMs)).toSorted((a, b) => a - b)
      : []
  // Drawn for itself, so that the worlds of before stay what they were.
  const wish = new Random(seed + 3_000_003)
  const cancels = wish.chance(0.15)
    ? Array.from({ length: 2 }, () => ({ atMs: wish.int(1, wish.pick([300, 3_000, 30_000])), job: wish.int(0, 2) }))
    : []
  // Where a job must not give up on a checker, time that only seemed to pass must not be reason enough.
  const forwardMs = mustComplete ? [50, 2_000] : [50, 2_000, 30_000]
  return {
    lostRate: rate(0.01, 0.1, 0.3),
    doubledRate: rate(0.05, 0.3),
    lateRate: rate(0.05, 0.3),
    boundaryCrashRate: isKilled ? rate(0.002, 0.01) : 0,
    repeatRate: rate(0.1, 0.5),
    cancels,
    clockJumps: times(3).map((atMs) => ({ atMs, byMs: random.pick([...forwardMs, -50, -2_000, -30_000]) })),
    pauses: times(2).map((atMs) => ({ atMs, forMs: random.pick([200, 2_000, mustComplete ? 5_000 : 25_000]) })),
  }
}
