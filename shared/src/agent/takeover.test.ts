// An engine that is lost in the middle of an assignment: the next one goes on with the shards that are open, as the whole
// agent does it, from the socket's frames to its engines.
import { afterEach, expect, test, vi } from 'vitest'
import type { Answer, Assignment, Progress, Ready } from '../contract/agent-events.ts'
import { chooseEngine, type EngineCandidate } from './engine-host.ts'
import { EngineError } from './engines/engine.ts'
import { identityFromKeys, newSecretKey } from './identity.ts'
import type { Link, LinkListener } from './link.ts'
import { startRunner, type Runner } from './runner.ts'
import { assignment, ready as wasmReady } from './session.case.ts'

let runner: Runner | undefined
afterEach(async () => {
  runner?.stop()
  await runner?.ended
})

/** Runs shards until `lostAt`, counted over all of its runs. */
function candidate(engine: 'webgpu' | 'wasm', lostAt: number, ran: [string, number][]): EngineCandidate {
  let runs = 0
  const readies: readonly Ready[] = [{ ...wasmReady, engine }]
  const host: Awaited<ReturnType<EngineCandidate['open']>> = {
    engine,
    lanes: 1,
    selfTest: async () => readies,
    async run({ shards }, observer) {
      for (const { shard } of shards) {
        // Half of the shard's ten units.
        observer.computed(10 * (shard - (shards[0]?.shard ?? 0)) + 5)
        if (runs++ === lostAt) throw new EngineError('the GPU was lost three times within ten minutes')
        ran.push([engine, shard])
        observer.done(shard, Uint8Array.of(shard), 1)
      }
    },
    setShare: () => {},
    busyMs: () => 0,
    close: () => {},
  }
  return { engine, chances: 1, open: async () => host }
}

/** A Hub that agrees to everything; `revokes` says what it does before it agrees to a second engine. */
function hub(assigned: readonly Assignment[], revokes: readonly Assignment[]) {
  const said: string[] = []
  const progress: Progress[] = []
  let listener: LinkListener | undefined
  let readies = 0
  const link: Link = {
    listen: (given) => (listener = given),
    connect: () => setImmediate(() => listener?.frame('challenge', { protocol: 1, nonce: '00'.repeat(32) })),
    send(event, frame, reply) {
      const engine = event === 'ready' ? ` ${(frame as Ready).engine}` : ''
      const shards = event === 'answer' ? ` ${(frame as Answer).shards.map(({ shard }) => shard).join()}` : ''
      if (event === 'progress') progress.push(frame as Progress)
      else said.push(`${event}${engine}${shards}`)
      setImmediate(() => {
        if (event === 'ready' && readies++ > 0) {
          for (const { assignmentId } of revokes) listener?.frame('revoke', { assignmentId })
        }
        reply({ ok: true })
        if (event === 'ready' && readies === 1) for (const one of assigned) listener?.frame('assign', one)
      })
    },
    disconnect: () => {},
  }
  return { link, said, progress }
}

async function lostInTheMiddle(
  revokes: readonly Assignment[],
): Promise<{ said: string[]; ran: [string, number][]; progress: Progress[] }> {
  const ran: [string, number][] = []
  const given = [1, 2].map((n) => assignment(n, [0, 1, 2, 3], { engine: 'webgpu' }))
  const { link, said, progress } = hub(given, revokes)
  runner = startRunner({
    link,
    tables: async () => new Uint32Array(),
    engines: (changed) => chooseEngine([candidate('webgpu', 2, ran), candidate('wasm', Infinity, ran)], changed),
    identity: identityFromKeys({ kind: 'bytes', secretKey: newSecretKey() }),
    kind: 'node',
  })
  await expect.poll(() => said.filter((line) => line.startsWith('ready')).length).toBe(2)
  await expect.poll(() => runner?.snapshot().assignment).toBeUndefined()
  return { said, ran, progress }
}

const BY_WEBGPU = [0, 1].map((shard) => ['webgpu', shard])

test('the next engine does what is open, under its own name, and nothing is handed back', async () => {
  const { said, ran } = await lostInTheMiddle([])
  expect(ran).toEqual([...BY_WEBGPU, ...[2, 3, 0, 1, 2, 3].map((shard) => ['wasm', shard])])
  const second = said.indexOf('ready wasm')
  expect(said.slice(0, second)).toEqual(['hello', 'ready webgpu', 'answer 0', 'pause', 'answer 1'])
  expect(said).not.toContain('handback')
})

test('the Hub hears how far an assignment is, over both engines', async () => {
  let nowMs = 0
  // Two seconds pass whenever somebody looks.
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 2000))
  try {
    const { progress } = await lostInTheMiddle([])
    const of = (n: number) =>
      progress.filter(({ assignmentId }) => assignmentId === assignment(n).assignmentId).map(({ units }) => units)
    // The first word of each assignment only starts the clock.
    expect(of(1), 'what the lost engine had begun is not counted twice').toEqual([15, 25, 35])
    expect(of(2)).toEqual([15, 25, 35])
  } finally {
    clock.mockRestore()
  }
})

test('it leaves alone what the Hub keeps from it', async () => {
  const { ran } = await lostInTheMiddle([assignment(1)])
  expect(ran).toEqual([...BY_WEBGPU, ...[0, 1, 2, 3].map((shard) => ['wasm', shard])])
})
