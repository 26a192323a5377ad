// Who is let in: as many as there is room for, no address at the cost of the others, and nothing that is remembered
// without end.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Admission, type AdmissionOptions, type Seat, type TurnedAway } from './admission.ts'
import { ADMISSION_LIMITS } from './limits.ts'

const admissionOf = (limits: AdmissionOptions['limits'] = {}, addressesDiffer = true): Admission =>
  new Admission({ addressesDiffer, limits }, 0)
const isSeat = (answer: Seat | TurnedAway): answer is Seat => 'left' in answer
/** How many of so many attempts come in, all at once. */
const admitted = (admission: Admission, addresses: readonly string[], nowMs = 0): number =>
  addresses.filter((address) => isSeat(admission.admit(address, nowMs, () => {}))).length
const seat = (admission: Admission, address = '127.0.0.1', nowMs = 0): Seat => {
  const answer = admission.admit(address, nowMs, () => {})
  if (!isSeat(answer)) throw new Error(answer.sentence)
  return answer
}
const away = (admission: Admission, address: string, nowMs = 0): TurnedAway => {
  const answer = admission.admit(address, nowMs, () => {})
  if (isSeat(answer)) throw new Error('it was let in')
  return answer
}
const many = (count: number, address: (n: number) => string): string[] =>
  Array.from({ length: count }, (_, n) => address(n))

describe('room', () => {
  it('is as large as it is, and is free again when somebody leaves', () => {
    const admission = admissionOf({ connectionsMax: 2 })
    const [first] = [seat(admission), seat(admission)]
    expect(away(admission, '127.0.0.1')).toEqual({
      retryAfterS: ADMISSION_LIMITS.fullRetryS,
      sentence: 'The pool holds no more agents now. Try again later.',
    })
    first.left()
    first.left()
    expect(admission.connections).toBe(1)
    seat(admission)
    away(admission, '127.0.0.1')
  })

  it('to wait for a hello is smaller; who waits says when to come again', () => {
    const admission = admissionOf({ waitingMax: 3, hellos: { perSecond: 1, burst: 1 } })
    const [first, second] = [seat(admission), seat(admission), seat(admission)]
    expect(away(admission, '127.0.0.1')).toMatchObject({ retryAfterS: 3 })
    first.greeted()
    first.greeted()
    first.left()
    seat(admission)
    away(admission, '127.0.0.1')
    second.left()
    seat(admission)
    away(admission, '127.0.0.1')
  })

  it('is taken from who stays silent, the longest first, not from who spoke', () => {
    const admission = admissionOf({ waitingMax: 3 })
    const { silentMs } = ADMISSION_LIMITS
    const unseated: string[] = []
    const comes = (name: string, nowMs: number): Seat | TurnedAway =>
      admission.admit('127.0.0.1', nowMs, () => unseated.push(name))
    const spoke = comes('spoke', 0)
    if (isSeat(spoke)) spoke.spoke()
    comes('silent', 1)
    comes('later', 2)
    expect(isSeat(comes('nobody', silentMs)), 'nobody was silent long enough').toBe(false)
    expect(isSeat(comes('next', silentMs + 1))).toBe(true)
    expect(isSeat(comes('nobody', silentMs + 1))).toBe(false)
    expect(isSeat(comes('last', silentMs + 2))).toBe(true)
    expect(unseated).toEqual(['silent', 'later'])
    expect(admission.connections).toBe(3)
  })

  it('is given out at a rate', () => {
    const admission = admissionOf({ attempts: { perSecond: 2, burst: 5 } })
    expect(
      admitted(
        admission,
        many(9, () => '127.0.0.1'),
      ),
    ).toBe(5)
    expect(away(admission, '127.0.0.1', 100)).toMatchObject({ retryAfterS: 1 })
    expect(
      admitted(
        admission,
        many(9, () => '127.0.0.1'),
        1_000,
      ),
    ).toBe(2)
  })
})

describe('an address', () => {
  it('has a share of the room, and its network too', () => {
    const admission = admissionOf({ perHousehold: 3, perNetwork: 5 })
    expect(
      admitted(
        admission,
        many(9, () => '203.0.113.7'),
      ),
    ).toBe(3)
    expect(away(admission, '203.0.113.7').sentence).toMatch('as many connections as one may have')
    expect(
      admitted(
        admission,
        many(9, (n) => `203.0.113.${100 + n}`),
      ),
    ).toBe(2)
    expect(admitted(admission, ['203.0.114.1'])).toBe(1)
  })

  it('of IPv6 is a /64 in a /48, and one that is written as IPv6 is still IPv4', () => {
    const admission = admissionOf({ perHousehold: 2, perNetwork: 3 })
    expect(
      admitted(
        admission,
        many(9, (n) => `2001:db8:1:2::${n}`),
      ),
    ).toBe(2)
    expect(
      admitted(
        admission,
        many(9, (n) => `2001:db8:1:${3 + n}::1`),
      ),
    ).toBe(1)
    expect(admitted(admission, ['203.0.113.7', '::ffff:203.0.113.7', '203.0.113.7'])).toBe(2)
  })

  it('comes at a rate, and is told when', () => {
    const admission = admissionOf({ attemptsPerHousehold: { perSecond: 0.1, burst: 2 } })
    const address = '203.0.113.7'
    for (const _ of [1, 2]) seat(admission, address).left()
    expect(away(admission, address, 1_000)).toEqual({
      retryAfterS: 9,
      sentence: 'This address connects too often. Try again later.',
    })
    seat(admission, '203.0.113.8', 1_000)
    seat(admission, address, 10_000)
  })

  it('that is turned away takes nothing from the others', () => {
    const admission = admissionOf({ perHousehold: 1, attempts: { perSecond: 1, burst: 10 } })
    admitted(
      admission,
      many(500, () => '203.0.113.7'),
    )
    expect(
      admitted(
        admission,
        many(500, (n) => `198.51.100.${n % 250}`),
      ),
    ).toBe(9)
  })

  it.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])('%s is this machine: it may take all', (address) => {
    expect(
      admitted(
        admissionOf({ perHousehold: 1, perNetwork: 1 }),
        many(64, () => address),
      ),
    ).toBe(64)
  })

  it('that stands for many, behind a proxy, may take all', () => {
    expect(
      admitted(
        admissionOf({ perHousehold: 1, perNetwork: 1 }, false),
        many(64, () => '10.0.0.1'),
      ),
    ).toBe(64)
  })
})

describe('whatever happens', () => {
  const address = fc
    .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }))
    .map((d) => `9.9.${d.join('.')}`)
  const event = fc.oneof(
    fc.record({ type: fc.constant('comes' as const), address, afterMs: fc.integer({ min: 0, max: 500 }) }),
    fc.record({ type: fc.constantFrom('greeted' as const, 'left' as const), seat: fc.nat(200) }),
  )

  it('nobody has more than a share, and when all have left nothing is taken', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const limits = { connectionsMax: 12, perHousehold: 3, perNetwork: 5, waitingMax: 6 }
        const admission = admissionOf(limits)
        const seats: { seat: Seat; address: string; sits: boolean; waits: boolean }[] = []
        let nowMs = 0
        for (const one of events) {
          if (one.type === 'comes') {
            nowMs += one.afterMs
            const answer = admission.admit(one.address, nowMs, () => {})
            if (isSeat(answer)) seats.push({ seat: answer, address: one.address, sits: true, waits: true })
          } else {
            const taken = seats[one.seat % Math.max(1, seats.length)]
            taken?.seat[one.type]()
            if (taken) taken.waits = false
            if (taken && one.type === 'left') taken.sits = false
          }
          const sitting = seats.filter(({ sits }) => sits)
          expect(admission.connections).toBe(sitting.length)
          expect(sitting.length).toBeLessThanOrEqual(limits.connectionsMax)
          expect(seats.filter(({ waits }) => waits).length).toBeLessThanOrEqual(limits.waitingMax)
          for (const { address: of } of sitting) {
            const [a, b, c] = of.split('.')
            expect(sitting.filter((other) => other.address === of).length).toBeLessThanOrEqual(limits.perHousehold)
            expect(sitting.filter((other) => other.address.startsWith(`${a}.${b}.${c}.`)).length).toBeLessThanOrEqual(
              limits.perNetwork,
            )
          }
        }
        for (const { seat: taken } of seats) taken.left()
        expect(admitted(admission, ['9.9.0.0', '9.9.0.0', '9.9.0.0', '9.9.0.0'], nowMs + 60_000)).toBe(3)
      }),
    )
  })

  it('only so many addresses are remembered, the latest of them', () => {
    let admission = admissionOf({ rememberedMax: 3, attemptsPerHousehold: { perSecond: 1e-3, burst: 1 } })
    const comes = (n: number): boolean => {
      const answer = admission.admit(`203.0.${n}.7`, 0, () => {})
      if (isSeat(answer)) answer.left()
      return isSeat(answer)
    }
    expect([1, 2, 3].map(comes)).toEqual([true, true, true])
    expect([1, 2, 3].map(comes)).toEqual([false, false, false])
    expect(comes(4)).toBe(true)
    expect([2, 3, 4, 1].map(comes), 'the first was forgotten').toEqual([false, false, false, true])
    admission = admissionOf({ rememberedMax: 3, attemptsPerHousehold: { perSecond: 1e-3, burst: 2 } })
    expect([1, 2, 3, 1, 4].map(comes)).toEqual([true, true, true, true, true])
    expect(comes(1), 'it came twice, and lately').toBe(false)
  })
})
