// Records are read as often as the limit says, and those who ask at once share a read.
import { expect, test } from 'vitest'
import type { Identity } from '@forge/shared/contract/ids.ts'
import type { AgentRecord } from '../store/agent-record.ts'
import { createAgentReads } from './agent-reads.ts'
import { WEB_LIMITS } from './limits.ts'
import { Refusal } from './refusal.ts'

const EMPTY: AgentRecord = {
  jobs: 0,
  accepted: 0,
  rejected: 0,
  microCredits: 0n,
  quarantine: null,
  rejections: [],
  receipts: [],
}
const STILL = { addressesDiffer: true, nowMs: () => 0 }
const named = (n: number) => String(n).padStart(64, '0') as Identity

test('those who ask at once share a read, and who asks later has a new one', async () => {
  let reads = 0
  const read = async () => ({ ...EMPTY, jobs: ++reads })
  const { record } = createAgentReads(read, STILL)
  expect(await Promise.all([record(named(1)), record(named(1))])).toMatchObject([{ jobs: 1 }, { jobs: 1 }])
  expect(await record(named(2))).toMatchObject({ jobs: 2 })
  expect(await record(named(1))).toMatchObject({ jobs: 3 })
})

test('a read that failed fails for those who share it, and the next one is new', async () => {
  let fails = true
  const { record } = createAgentReads(async () => {
    if (fails) throw new Error('the store is away')
    return EMPTY
  }, STILL)
  await expect(record(named(1))).rejects.toThrow('away')
  fails = false
  expect(await record(named(1))).toEqual(EMPTY)
})

test('beyond the burst it is 429 with when to come again', async () => {
  const { record } = createAgentReads(async () => EMPTY, STILL)
  for (let n = 0; n < WEB_LIMITS.agentReadsBurst; n++) expect(await record(named(n))).toEqual(EMPTY)
  const refused = await record(named(-1))
  expect(refused).toBeInstanceOf(Refusal)
  expect(refused).toMatchObject({ problem: { code: 'RATE_LIMITED' } })
})

test('looks at whose a token is are limited by address and network, and take nothing from others nor from the records', async () => {
  let now = 0
  const { record, tokenLook } = createAgentReads(async () => EMPTY, { addressesDiffer: true, nowMs: () => now })
  const { burst, perSecond } = WEB_LIMITS.tokenLooksPerAddress
  for (let n = 0; n < burst; n++) expect(tokenLook('192.0.2.7')).toBeNull()
  const refused = tokenLook('192.0.2.7')
  expect(refused).toMatchObject({
    problem: { code: 'RATE_LIMITED', detail: expect.stringContaining('tokenLooksPerAddress lets an address') },
    headers: { 'Retry-After': '1' },
  })
  expect(tokenLook('192.0.2.8')).toBeNull()
  now += 1_000 / perSecond
  expect(tokenLook('192.0.2.7')).toBeNull()
  const near = Array.from({ length: 2 * WEB_LIMITS.tokenLooksPerNetwork.burst }, (_, n) =>
    tokenLook(`10.0.0.${n % 250}`),
  )
  expect(near.filter((one) => one === null)).toHaveLength(WEB_LIMITS.tokenLooksPerNetwork.burst)
  expect(near.at(-1)?.problem.detail).toContain('tokenLooksPerNetwork lets a network')
  for (const somebody of ['192.0.2.9', '2001:db8::1', '127.0.0.1', '']) expect(tokenLook(somebody)).toBeNull()
  expect(await record(named(1))).toEqual(EMPTY)
})

test('where addresses tell nobody apart all looks share one limit', () => {
  const { tokenLook } = createAgentReads(async () => EMPTY, { ...STILL, addressesDiffer: false })
  for (let n = 0; n < WEB_LIMITS.tokenLooks.burst; n++) expect(tokenLook(`10.${n}.0.1`)).toBeNull()
  expect(tokenLook('10.250.0.1')?.problem.detail).toContain('tokenLooks lets all whose address is not known')
})
