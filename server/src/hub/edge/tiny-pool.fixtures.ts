// A Hub with the tiny kernel in the real one's place: sockets, store and reduction are real. vitest.config.ts gives
// the tests that use it the tiny kernel's registry and artifacts.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ulid } from 'ulid'
import type { Policy } from '@forge/shared/contract/envelope.ts'
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Kernel } from '@forge/shared/kernels/kernel.ts'
import { contractDigest } from '@forge/shared/planner/contract.ts'
import { createReducer } from '@forge/shared/reducer/reduce.ts'
import { createLogger } from '../../logger.ts'
import type { Store } from '../../store/store.ts'
import { aJob } from '../../store/store.fixtures.ts'
import type { StoredAnswer } from './hub-interface.ts'
import { startHub, type HubDeps, type RunningHub } from './hub.ts'
import { TinyAgent, tinyKernel } from './tiny-kernel.fixtures.ts'

export const SHARDS = 7
/** Who says it at its hello is the referee. */
export const REFEREE_TOKEN = 'the token of the referee'
const kernel = tinyKernel as unknown as Kernel

/** A Hub on real sockets with its agents. */
export class TinyPool {
  readonly store: Store
  hub!: RunningHub
  url = ''
  readonly agents: TinyAgent[] = []
  #http = createServer()

  constructor(store: Store) {
    this.store = store
  }

  async start(told: Pick<HubDeps, 'metrics'> & Partial<Pick<HubDeps, 'logger'>> = {}): Promise<void> {
    this.#http = createServer()
    const config = { referee: false, distinctNetwork: false, publicUrl: null, trustedProxies: [] }
    const { store } = this
    this.hub = await startHub({
      store,
      logger: createLogger('silent'),
      ...told,
      config,
      http: this.#http,
      refereeToken: REFEREE_TOKEN,
    })
    this.#http.listen(0, '127.0.0.1')
    await once(this.#http, 'listening')
    this.url = `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  /** As a restart: agents, sockets and the Hub's memory are gone, the store stays. */
  async stop(): Promise<void> {
    for (const agent of this.agents.splice(0)) agent.close()
    await this.hub.close()
    this.#http.close()
  }

  agent(...options: ConstructorParameters<typeof TinyAgent> extends [string, ...infer O] ? O : never): TinyAgent {
    const agent = new TinyAgent(this.url, ...options)
    this.agents.push(agent)
    return agent
  }

  async submit(args: object = { shards: SHARDS }, policy: Partial<Policy> = {}): Promise<JobId> {
    const timeoutMs = policy.timeout_ms ?? 60_000
    const request = {
      ctx: { billing: { mode: 'billable' } },
      op: { name: 'mc', version: 1, profile: 'insurance.v1' },
      seed: { mode: 'explicit', value: 'seed' },
      policy: {
        target: 'any',
        min_agents: 1,
        max_agents: 50,
        verify: 'none',
        timeout_ms: timeoutMs,
        spotcheck_rate: 0.1,
        on_unverified: 'degrade',
        ...policy,
      },
      args,
    }
    const job = aJob(await this.store.defaultProject(), {
      request: JSON.stringify(request),
      contractDigest: contractDigest(kernel, kernel.argsSchema.parse(args), 'seed'),
      kernelDigest: tinyKernel.digest,
      createdAtMs: Date.now(),
      deadlineAtMs: Date.now() + timeoutMs,
      clientJobId: ulid(),
    })
    await this.hub.submit(job)
    return job.id
  }

  async ended(id: JobId): Promise<{ answer: StoredAnswer | null; code: string | undefined; detail: string }> {
    await this.hub.ended(id, 15_000)
    const row = await this.store.job(id)
    const answer = row?.answer ?? null
    return {
      answer: answer === null ? null : JSON.parse(answer),
      code: row?.problem?.code,
      detail: row?.problem?.detail ?? '',
    }
  }
}

/** Every shard, one after another, from what an agent was told. */
export function alone(launches: readonly { program: string; constants: readonly number[] }[]) {
  const args = { shards: SHARDS, twice: true }
  const plan = tinyKernel.plan(args)
  const reducer = createReducer(kernel, args, plan)
  for (let shard = 0; shard < 2 * SHARDS; shard++) {
    const said = launches[Math.floor(shard / SHARDS)]
    if (said === undefined) throw new Error('a pass was never assigned')
    const launch = { program: said.program, constants: Uint32Array.from(said.constants), tables: {} }
    const firstUnit = BigInt((shard % SHARDS) * 10)
    const units = shard % SHARDS === SHARDS - 1 ? 7 : 10
    reducer.add(shard, tinyKernel.reference(launch, { shard, firstUnit, units }))
  }
  return { ...reducer.finish(), last: reducer.lastPass() }
}

export const isLast = ({ shards }: { shards: readonly number[] }): boolean => shards.some((shard) => shard >= SHARDS)
