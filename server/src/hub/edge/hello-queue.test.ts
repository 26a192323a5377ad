// Hellos are checked in the order in which they came, at a rate, and the first ones at once.
import { describe, expect, it } from 'vitest'
import { HelloQueue } from './hello-queue.ts'

/** A clock that is turned by hand. */
function handClock() {
  const timers: { atMs: number; act: () => void }[] = []
  let nowMs = 0
  return {
    nowMs: () => nowMs,
    later: (act: () => void, ms: number) => void timers.push({ atMs: nowMs + ms, act }),
    get waiting() {
      return timers.length
    },
    turn(toMs: number) {
      for (;;) {
        const next = timers.toSorted((a, b) => a.atMs - b.atMs).find(({ atMs }) => atMs <= toMs)
        if (next === undefined) break
        timers.splice(timers.indexOf(next), 1)
        nowMs = next.atMs
        next.act()
      }
      nowMs = toMs
    },
  }
}

describe('hellos', () => {
  it('are checked in order, a burst at once and the rest at the rate', () => {
    const clock = handClock()
    const queue = new HelloQueue({ perSecond: 10, burst: 3 }, clock)
    const checked: [number, number][] = []
    for (let n = 0; n < 7; n++) queue.push(() => checked.push([n, clock.nowMs()]))
    expect(clock.waiting, 'one timer, however many wait').toBe(1)
    clock.turn(1_000)
    expect(checked).toEqual([0, 0, 0, 100, 200, 300, 400].map((atMs, n) => [n, atMs]))
    expect(clock.waiting, 'none when nobody waits').toBe(0)
    queue.push(() => checked.push([7, clock.nowMs()]))
    expect(checked.at(-1)).toEqual([7, 1_000])
  })

  it('who comes later does not pass those who wait', () => {
    const clock = handClock()
    const queue = new HelloQueue({ perSecond: 3, burst: 1 }, clock)
    const checked: string[] = []
    for (const who of ['a', 'b', 'c']) queue.push(() => checked.push(who))
    clock.turn(300)
    queue.push(() => checked.push('late'))
    expect(checked).toEqual(['a'])
    clock.turn(5_000)
    expect(checked).toEqual(['a', 'b', 'c', 'late'])
  })

  it('one that adds another to the line keeps the order', () => {
    const clock = handClock()
    const queue = new HelloQueue({ perSecond: 1, burst: 2 }, clock)
    const checked: string[] = []
    queue.push(() => {
      checked.push('a')
      queue.push(() => checked.push('d'))
    })
    for (const who of ['b', 'c']) queue.push(() => checked.push(who))
    clock.turn(10_000)
    expect(checked.toSorted()).toEqual(['a', 'b', 'c', 'd'])
    expect(clock.waiting).toBe(0)
  })
})
