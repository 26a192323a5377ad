// A Node agent whose frames somebody reads along: the same runner and engines as agent-node's, on a link that keeps what
// was answered and what the Hub acknowledged. For stories that hold the Hub to its word, or that say the words again.
import { io, type Socket } from 'socket.io-client'
import { nodeEngines } from '@forge/agent-node/engines.ts'
import { answerSchema, replySchema, type Answer } from '@forge/shared/contract/agent-events.ts'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { identityFromKeys, identityOf, newIdentityKeys } from '@forge/shared/agent/identity.ts'
import { httpTables, socketLink, type Link } from '@forge/shared/agent/link.ts'
import { startRunner } from '@forge/shared/agent/runner.ts'
import type { AgentSnapshot } from '@forge/shared/agent/snapshot.ts'
import type { Store } from '@forge/server/store/store.ts'

export interface WatchedAgent {
  readonly identity: string
  readonly socket: Socket
  /** All frames that left, in their order. */
  readonly frames: readonly (readonly [event: string, frame: object])[]
  /** Answers that the Hub said were durable. */
  readonly acknowledged: readonly Answer[]
  snapshot(): AgentSnapshot
  stop(): Promise<void>
}

export async function startWatchedAgent(url: string): Promise<WatchedAgent> {
  const identity = identityFromKeys(await newIdentityKeys())
  const socket = io(url, { transports: ['websocket'], reconnection: false, autoConnect: false, forceNew: true })
  const frames: [string, object][] = []
  const acknowledged: Answer[] = []
  const own = socketLink(socket)
  const link: Link = {
    ...own,
    send(event, frame, reply) {
      frames.push([event, frame])
      own.send(event, frame, (said) => {
        if (event === 'answer' && replySchema.parse(said).ok) acknowledged.push(answerSchema.parse(frame))
        reply(said)
      })
    },
  }
  const tables = httpTables(url)
  const runner = startRunner({
    link,
    tables,
    engines: (changed) => nodeEngines('wasm', 1, tables, changed),
    identity,
    kind: 'node',
  })
  return {
    identity: identityOf(identity.publicKey),
    socket,
    frames,
    acknowledged,
    snapshot: () => runner.snapshot(),
    async stop() {
      runner.stop()
      await runner.ended
    },
  }
}

/** Shards of acknowledged answers that the store does not have, one a line: there must be none. */
export async function lostAnswers(
  store: Store,
  jobs: readonly JobId[],
  agents: readonly WatchedAgent[],
): Promise<string[]> {
  const kept = new Set<string>()
  for (const job of jobs) {
    for (const { executor, shard, digest } of await store.submissions(job)) kept.add(`${executor} ${shard} ${digest}`)
  }
  return agents.flatMap(({ identity, acknowledged }) =>
    acknowledged
      .flatMap(({ shards }) => shards.map(({ shard, digest }) => `${identity} ${shard} ${digest}`))
      .filter((line) => !kept.has(line)),
  )
}
