// One story for both stores: twenty jobs of every kind, clients that ask again, agents that come back by themselves, and
// a server that is killed with SIGKILL at drawn moments, while it starts, while it works, while a job ends.
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { openStore } from '@forge/server/store/open-store.ts'
import { keptPort } from '../../scripts/machine/kept-port.ts'
import { API_KEY, clientOf } from './client.ts'
import { diceOf, type Dice } from './dice.ts'
import { eventually } from './eventually.ts'
import { History } from './history.ts'
import { launchServerProcess, type StartingPool } from './processes.ts'
import { roughJobs } from './rough-jobs.ts'
import { lostAnswers, startWatchedAgent, type WatchedAgent } from './watched-agent.ts'

/** At least; on a fast machine the clients ask for more, as long as the server is being killed. */
const JOBS = 20
const JOBS_MAX = 400
const CLIENTS = 10
const AGENTS = 2

type Moment = 'while it starts' | 'once it listens' | 'while it works' | 'when a job has ended'

/** `settings` name the data. */
export async function killLoop(name: string, settings: Readonly<Record<string, string>>, kills: number): Promise<void> {
  const port = await keptPort()
  const url = `http://127.0.0.1:${port}`
  const history = new History(clientOf(url, API_KEY))
  let server = launchServerProcess(settings, port)
  await server.listening
  const agents = await Promise.all(Array.from({ length: AGENTS }, () => startWatchedAgent(url)))
  try {
    const jobs = roughJobs(diceOf(`${name}: jobs`), name, JOBS_MAX, { agents: AGENTS, yearsMax: 4_000_000 })
    let over = false
    const following = history.followAll(
      jobs,
      CLIENTS,
      (client) => diceOf(`${name}: client ${client}`),
      () => over && history.begun >= JOBS,
    )
    // Its failure is told below, where it is awaited; until then the loop goes on.
    following.catch(() => undefined)
    const dice = diceOf(`${name}: kills`)
    for (let kill = 1; kill <= kills; kill += 1) {
      const said = await momentOf(dice, server, history)
      server.signal('SIGKILL')
      expect(await server.exit, server.said.join('')).toBe('SIGKILL')
      console.log(`${name}: kill ${kill} ${said}; ${history.ended} of ${history.begun} jobs had ended`)
      expect(history.ended, 'killing a server without work tells nothing').toBeLessThan(history.begun)
      server = launchServerProcess(settings, port)
    }
    over = true
    await following
    console.log(`${name}: ${history.ended} jobs ended, ${history.unanswered} calls were not answered`)
    await history.expectNothingLost()
    // No server ever failed a call, and no agent was taken for a liar or lost its way.
    expect([...history.problems.keys()]).toEqual([])
    for (const agent of agents) expect(agent.snapshot().state).toMatch(/^(idle|working)$/)
    server.signal('SIGKILL')
    await server.exit
    await expectAnswersKept(settings, history, agents)
  } finally {
    await Promise.all(agents.map((agent) => agent.stop()))
    server.signal('SIGKILL')
    await server.exit
  }
}

/** Read from the data itself, as the next server would. */
async function expectAnswersKept(
  settings: Readonly<Record<string, string>>,
  history: History,
  agents: readonly WatchedAgent[],
): Promise<void> {
  const { DATABASE_URL: databaseUrl, FORGE_DATA_DIR: dataDir = '' } = settings
  const store = await openStore({ dataDir, ...(databaseUrl === undefined ? {} : { databaseUrl }) })
  try {
    expect(agents.every(({ acknowledged }) => acknowledged.length > 0)).toBe(true)
    expect(await lostAnswers(store, history.ids, agents)).toEqual([])
  } finally {
    await store.close()
  }
}

/** Waits for a drawn moment in a server's life, and says which it was. */
async function momentOf(dice: Dice, server: StartingPool, history: History): Promise<string> {
  const moment: Moment = dice.pick([
    'while it starts',
    'once it listens',
    'while it works',
    'while it works',
    'while it works',
    'when a job has ended',
  ])
  const phase = dice.int(0, 100)
  if (moment === 'while it starts') {
    await pause(phase * 20)
    return `${phase * 20} ms after its start`
  }
  await server.listening
  const { answered, ended } = history
  const shards = moment === 'while it works' ? dice.int(1, 40) : 0
  await eventually(
    'work between two kills',
    () => history,
    (now) => now.answered >= answered + shards && (moment !== 'when a job has ended' || now.ended > ended),
  )
  // Clients learn of these moments late and in steps; this spreads the kills over what the server does meanwhile.
  await pause(phase)
  return `${moment}, ${shards} shards and ${phase} ms later`
}
