// Garbage from hostile sockets, a thousand frames of it while jobs run, and what costs most for its price: the server
// stays up and within its memory, says little of it to anybody, and neither the jobs nor the honest agents notice.
import { execFileSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { freshDataDir } from '../scripts/machine/fresh-store.ts'
import { API_KEY, clientOf } from './support/client.ts'
import { diceOf } from './support/dice.ts'
import { eventually } from './support/eventually.ts'
import { History } from './support/history.ts'
import { beHostile, named } from './support/hostile.ts'
import { startServerProcess, type RunningPool } from './support/processes.ts'
import { roughJobs } from './support/rough-jobs.ts'
import { startWatchedAgent } from './support/watched-agent.ts'

const FRAMES = 1_000
/** More than there is time for: the clients stop asking for new ones when the garbage has been said. */
const JOBS_MAX = 100
const AGENTS = 2
const MiB = 2 ** 20
/**
 * What the server may grow by while strangers talk. Parsing the largest frame takes some tens of MiB, and a collector
 * takes its time: about 110 were seen. What is said in a story comes to several times as much, if somebody keeps it.
 */
const GROWTH_BYTES_MAX = 256 * MiB
/** A refusal is a sentence for whoever wrote an agent. */
const SENTENCE_CHARACTERS_MAX = 1_000

let server: RunningPool
let folder: string
beforeAll(async () => {
  folder = await freshDataDir()
  server = await startServerProcess({ FORGE_DATA_DIR: folder })
})
afterAll(async () => {
  server?.signal('SIGKILL')
  await server?.exit
  await rm(folder, { recursive: true, force: true })
})

test('a thousand garbage frames while jobs run', { timeout: 240_000 }, async () => {
  const agents = await Promise.all(Array.from({ length: AGENTS }, () => startWatchedAgent(server.url)))
  onTestFinished(async () => void (await Promise.all(agents.map((agent) => agent.stop()))))
  let over = false
  const history = new History(clientOf(server.url, API_KEY))
  const following = history.followAll(
    roughJobs(diceOf('hostile: jobs'), 'hostile', JOBS_MAX, { agents: AGENTS, yearsMax: 2_000_000 }),
    1,
    (client) => diceOf(`hostile: client ${client}`),
    () => over,
  )
  // Its failure is told below, where it is awaited.
  following.catch(() => undefined)
  await eventually(
    'a first job, so that the server is warm and there is something to overhear',
    () => history.ended,
    (ended) => ended >= 1,
  )

  const before = residentBytes()
  const overheard = (): (typeof agents)[number]['frames'] => agents.flatMap(({ frames }) => frames)
  const { said, connections } = await beHostile(server.url, FRAMES, overheard, (hand) => diceOf(`hostile: ${hand}`))
  const grown = residentBytes() - before
  over = true
  await following
  console.log(
    `${connections} connections said ${JSON.stringify(said)}; ${history.ended} jobs ended; ` +
      `the server grew by ${Math.round(grown / MiB)} MiB`,
  )
  expect(grown).toBeLessThan(GROWTH_BYTES_MAX)

  await history.expectNothingLost()
  expect([...history.problems.keys()]).toEqual([])
  for (const { frames } of agents) expect(frames.filter(([event]) => event === 'hello')).toHaveLength(1)
  const lines = server.said.join('').split('\n')
  expect(lines.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([])
  expect(lines.some((line) => line.includes('frame refused'))).toBe(true)
})

test('what is refused is not said back, and not written down', async () => {
  const { socket } = await named(server.url)
  onTestFinished(() => void socket.disconnect())
  const already = server.said.length
  // Almost as long as a text may be: a longer one is not parsed at all.
  const reply: { readonly code: string; readonly message: string } = await socket.emitWithAck('pause', {
    ['n'.repeat(31 * 1024)]: 1,
  })
  expect(reply.code).toBe('BAD_FRAME')
  expect(reply.message.length).toBeLessThan(SENTENCE_CHARACTERS_MAX)
  const said = await eventually(
    'a line in the log',
    () => server.said.slice(already).join(''),
    (lines) => lines.includes('frame refused'),
  )
  expect(said.length).toBeLessThan(2 * SENTENCE_CHARACTERS_MAX)
})

test('who announces more attachments than a frame has is hung up on before they come', async () => {
  const before = residentBytes()
  const sockets = await Promise.all(Array.from({ length: 12 }, async () => (await named(server.url)).socket))
  onTestFinished(() => sockets.forEach((socket) => void socket.disconnect()))
  const nine = Array.from({ length: 9 }, (_, num) => ({ _placeholder: true, num }))
  for (const socket of sockets) {
    socket.io.engine.write(`59-${JSON.stringify(['answer', ...nine])}`)
    for (let n = 0; n < 8; n += 1) socket.io.engine.write(Buffer.alloc(4 * MiB, 1))
  }
  await eventually(
    'connections that are still open, and what the server has grown by in MiB',
    () => ({
      open: sockets.filter(({ connected }) => connected).length,
      grown: Math.round((residentBytes() - before) / MiB),
    }),
    ({ open }) => open === 0,
    20_000,
    500,
  )
  expect(residentBytes() - before).toBeLessThan(GROWTH_BYTES_MAX)
})

/** `ps` counts in KiB, on every Unix. */
const residentBytes = (): number =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(server.pid)], { encoding: 'utf8' })) * 1024
