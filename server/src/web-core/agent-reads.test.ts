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
const named = (n: number) => String(n).padStart(64, '0') as Identity

test('those who ask at once share a read, and who asks later has a new one', async () => {
  let reads = 0
  const read = async () => ({ ...EMPTY, jobs: ++reads })
  const { record } = createAgentReads(read, () => 0)
  expect(await Promise.all([record(named(1)), record(named(1))])).toMatchObject([{ jobs: 1 }, { jobs: 1 }])
  expect(await record(named(2))).toMatchObject({ jobs: 2 })
  expect(await record(named(1))).toMatchObject({ jobs: 3 })
})

test('a read that failed fails for those who share it, and the next one is new', async () => {
  let fails = true
  const { record } = createAgentReads(
    async () => {
      if (fails) throw new Error('the store is away')
      return EMPTY
    },
    () => 0,
  )
  await expect(record(named(1))).rejects.toThrow('away')
  fails = false
  expect(await record(named(1))).toEqual(EMPTY)
})

test('beyond the burst it is 429 with when to come again', async () => {
  const { record } = createAgentReads(
    async () => EMPTY,
    () => 0,
  )
  for (let n = 0; n < WEB_LIMITS.agentReadsBurst; n++) expect(await record(named(n))).toEqual(EMPTY)
  const refused = await record(named(-1))
  expect(refused).toBeInstanceOf(Refusal)
  expect(refused).toMatchObject({ problem: { code: 'RATE_LIMITED' } })
})

test('looks at whose a token is have a limit of their own, and take nothing from the records', async () => {
  const { record, tokenLook } = createAgentReads(
    async () => EMPTY,
    () => 0,
  )
  for (let n = 0; n < WEB_LIMITS.tokenLooksBurst; n++) expect(tokenLook()).toBeNull()
  expect(tokenLook()).toMatchObject({ problem: { code: 'RATE_LIMITED' } })
  expect(await record(named(1))).toEqual(EMPTY)
})
