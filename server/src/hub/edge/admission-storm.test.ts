// A reconnect storm in virtual time: two thousand agents lose their Hub at once and come back through the real admission,
// the real queue of hellos and the agents' own back-off. All of them are in within a bounded time, and no second costs
// the server more than it was given.
import { describe, expect, it } from 'vitest'
import { backOffMs } from '@forge/shared/agent/link.ts'
import { Agenda } from '../sim/agenda.ts'
import { Random } from '../sim/random.ts'
import { Admission } from './admission.ts'
import { HelloQueue } from './hello-queue.ts'
import { ADMISSION_LIMITS } from './limits.ts'

const AGENTS = 2_000
const END_MS = 600_000
/** From the upgrade to the hello: two round trips and a signature. */
const HELLO_MS = 200

interface Storm {
  /** When each agent was in; Infinity for who never was. */
  readonly joinedMs: readonly number[]
  /** By second. */
  readonly checked: readonly number[]
  readonly upgraded: readonly number[]
  readonly turnedAway: number
}

interface Weather {
  readonly seed: number
  readonly addressesDiffer?: boolean
  addressOf(agent: number): string
  /** Who opens sockets and says nothing, so often a second, and leaves after `staysMs`. */
  readonly hostile?: { readonly perSecond: number; readonly staysMs: number; addressOf(n: number): string }
}

function storm({ seed, addressOf, addressesDiffer = true, hostile }: Weather): Storm {
  const agenda = new Agenda()
  const random = new Random(seed)
  let nowMs = 0
  const after = (ms: number, act: () => void): void => agenda.add(nowMs + ms, act)
  const admission = new Admission({ addressesDiffer }, 0)
  const hellos = new HelloQueue(ADMISSION_LIMITS.hellos, { nowMs: () => nowMs, later: (act, ms) => after(ms, act) })
  const joinedMs = Array.from({ length: AGENTS }, () => Infinity)
  const [checked, upgraded]: [number[], number[]] = [[0], [0]]
  const count = (seconds: number[]): void => {
    const second = Math.floor(nowMs / 1_000)
    seconds[second] = (seconds[second] ?? 0) + 1
  }
  let turnedAway = 0
  let outside = AGENTS

  const connect = (agent: number, attempt: number): void => {
    const answer = admission.admit(addressOf(agent), nowMs, () => {})
    if (!('left' in answer)) {
      turnedAway++
      return after(backOffMs(attempt + 1, random.next()), () => connect(agent, attempt + 1))
    }
    count(upgraded)
    after(HELLO_MS, () => {
      answer.spoke()
      hellos.push(() => {
        count(checked)
        answer.greeted()
        joinedMs[agent] = nowMs
        outside--
      })
    })
  }
  for (let agent = 0; agent < AGENTS; agent++) after(backOffMs(1, random.next()), () => connect(agent, 1))
  if (hostile !== undefined) {
    const knock = (n: number): void => {
      const answer = admission.admit(hostile.addressOf(n), nowMs, () => {})
      if ('left' in answer) {
        count(upgraded)
        after(hostile.staysMs, () => answer.left())
      }
      if (outside > 0) after((2_000 * random.next()) / hostile.perSecond, () => knock(n + 1))
    }
    after(0, () => knock(0))
  }
  for (let next = agenda.next(); next !== undefined && next.atMs < END_MS; next = agenda.next()) {
    nowMs = next.atMs
    next.happen()
  }
  return { joinedMs, checked, upgraded, turnedAway }
}

const homes = (agent: number): string => `${60 + (agent >> 8)}.${agent & 255}.7.1`
const SEEDS = [1, 2, 3]

function expectAllIn(result: Storm, withinMs: number): void {
  const last = Math.max(...result.joinedMs)
  expect(last).toBeLessThanOrEqual(withinMs)
  const { hellos, attempts } = ADMISSION_LIMITS
  expect(Math.max(...result.checked.filter(Boolean))).toBeLessThanOrEqual(hellos.perSecond + hellos.burst)
  expect(Math.max(...result.upgraded.filter(Boolean))).toBeLessThanOrEqual(attempts.perSecond + attempts.burst)
}

describe('two thousand agents that come back at once', () => {
  it.each(SEEDS)('from as many homes are all in within twenty seconds (seed %i)', (seed) => {
    expectAllIn(storm({ seed, addressOf: homes }), 20_000)
  })
  it.each(SEEDS)('from behind one proxy, too (seed %i)', (seed) => {
    expectAllIn(storm({ seed, addressOf: () => '10.0.0.1', addressesDiffer: false }), 20_000)
    expectAllIn(storm({ seed, addressOf: () => '127.0.0.1' }), 20_000)
  })
  it.each(SEEDS)('from eight schools of one address each, too (seed %i)', (seed) => {
    expectAllIn(storm({ seed, addressOf: (agent) => `60.0.${agent % 8}.1` }), 20_000)
  })
  it.each(SEEDS)('while an address knocks a thousand times a second (seed %i)', (seed) => {
    const hostile = { perSecond: 1_000, staysMs: 10_000, addressOf: () => '6.6.6.6' }
    expectAllIn(storm({ seed, addressOf: homes, hostile }), 30_000)
  })
  it('while twenty networks knock, more often together than the pool lets in', () => {
    const hostile = { perSecond: 600, staysMs: 10_000, addressOf: (n: number) => `6.6.${n % 20}.${n & 255}` }
    const result = storm({ seed: 1, addressOf: homes, hostile })
    // Each try has a fair chance, so that only patience is lost: nobody stays outside.
    expectAllIn(result, END_MS)
    expect(result.joinedMs.toSorted((a, b) => a - b)[AGENTS / 2]).toBeLessThanOrEqual(20_000)
  })
})
