// A pool in which most are not to be trusted: one lies every other time, one is honest until it is trusted, two tell the
// same lie. Beside three honest agents and the referee every output is the reference's, and in the end exactly these four
// are quarantined. All of them lie often: what the patient can do is for the simulator to say, in thousands of pools.
import { expect, onTestFinished, test } from 'vitest'
import type { NodeAgent, NodeAgentOptions } from '@forge/agent-node/node-agent.ts'
import { identityOf } from '@forge/shared/agent/identity.ts'
import { diceOf, type Dice } from './support/dice.ts'
import { eventually } from './support/eventually.ts'
import { History } from './support/history.ts'
import { CLAIMS_BYTE, flip, SUM_BYTE } from './support/lies.ts'
import { startPool } from './support/pool.ts'
import { roughJobs } from './support/rough-jobs.ts'

type Tamper = NonNullable<NodeAgentOptions['tamper']>

/** Shards that the sleeper runs honestly. */
const AWAKES_AFTER = 30
const HONEST = 3
/** All four are out long before the last of them; a job more is a job among honest agents. */
const JOBS = { least: 4, most: 20 }

const liar = (dice: Dice): Tamper => flip(CLAIMS_BYTE, () => dice.chance(0.5))
function sleeper(): Tamper {
  let shards = 0
  // 256 quanta more or less in the sum of a shard: less than a cent, and nothing that a partial alone could show.
  return flip(SUM_BYTE + 1, () => ++shards > AWAKES_AFTER)
}
const colluder = (): Tamper => flip(SUM_BYTE)

const isOut = (agent: NodeAgent): boolean => agent.snapshot().state === 'refused'

test.each(['full', 'spotcheck'] as const)(
  '%s of every shard, in a pool of liars',
  { timeout: 240_000 },
  async (mode) => {
    const pool = await startPool({ FORGE_REFEREE: 'on' })
    onTestFinished(() => pool.close())
    const name = `crowd-${mode}`
    const liars = await pool.agents(
      { tamper: liar(diceOf(`${name}: liar`)) },
      { tamper: sleeper() },
      { tamper: colluder() },
      { tamper: colluder() },
    )
    const honest = await pool.agents(...Array.from({ length: HONEST }, () => ({})))

    const history = new History(pool.client, { liars: true })
    const dice = diceOf(`${name}: client`)
    for (const contract of roughJobs(diceOf(`${name}: jobs`), name, JOBS.most, {
      agents: HONEST,
      modes: [mode],
      rates: [1],
      yearsMax: 4_000_000,
    })) {
      if (history.ended >= JOBS.least && liars.every(isOut)) break
      await history.follow(contract, dice)
    }
    await history.expectNothingLost()
    expect([...history.problems.keys()]).toEqual([])

    // The news may come to an agent after the answer has come to the client.
    await eventually(
      'liars that are refused',
      () => liars.map((agent) => agent.snapshot()),
      (snapshots) => snapshots.every(({ state, why }) => state === 'refused' && why.includes('wrong answer')),
    )
    const quarantined = await pool.server.store.quarantines()
    expect(quarantined.map(({ identity }) => identity).toSorted()).toEqual(
      liars.map(({ identity }) => identityOf(identity.publicKey)).toSorted(),
    )
    for (const agent of honest) expect(agent.snapshot().state).toMatch(/^(idle|working)$/)

    const answers = await Promise.all(history.ids.map((id) => pool.client.result(id)))
    expect(answers.some(({ hub }) => hub.verification.mismatches > 0)).toBe(true)
    for (const { hub } of answers) expect(hub.verification).toMatchObject({ mode, checked: hub.metrics.shards })
    console.log(
      `${name}: ${answers.length} jobs, mismatches and voids of each: ` +
        answers.map(({ hub }) => `${hub.verification.mismatches}+${hub.verification.voided}`).join(' '),
    )
  },
)
