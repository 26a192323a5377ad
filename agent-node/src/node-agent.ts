// An agent in a Node process, for servers, tests and the referee: the same session and runner as in a browser's tab, with
// worker threads as lanes.
import { identityFromKeys, newIdentityKeys, type Identity } from '@forge/shared/agent/identity.ts'
import { httpTables, socketLink } from '@forge/shared/agent/link.ts'
import { startRunner } from '@forge/shared/agent/runner.ts'
import type { AgentSnapshot } from '@forge/shared/agent/snapshot.ts'
import { io } from 'socket.io-client'
import { nodeEngines, type NodeEngineChoice } from './engines.ts'

export interface NodeAgentOptions {
  /** The server's origin. */
  readonly url: string
  /** Default `wasm`. */
  readonly engine?: NodeEngineChoice
  /** Worker threads; 0 runs the engine in this thread, as WebGPU always does. Default 1. */
  readonly threads?: number
  /** Default: a fresh one, forgotten with the process. */
  readonly identity?: Identity
  readonly token?: string | undefined
  readonly name?: string | undefined
  /** At most about five times a second. */
  readonly onSnapshot?: ((snapshot: AgentSnapshot) => void) | undefined
  /** For tests of verification: an agent that lies. The command line cannot reach it. */
  readonly tamper?: ((shard: number, partial: Uint8Array) => Uint8Array) | undefined
}

export interface NodeAgent {
  readonly identity: Identity
  /** Completes what has begun, hands the rest back and leaves. Resolves once it has left. */
  finish(): Promise<void>
  /** Aborts, hands everything back and leaves. Resolves once it has left. */
  stop(): Promise<void>
  snapshot(): AgentSnapshot
  readonly ended: Promise<void>
}

/** Resolves at once: joining, self-test and work go on behind, and `snapshot` tells how far they are. */
export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  const { url, engine = 'wasm', threads = 1, token, name, onSnapshot, tamper } = options
  const identity = options.identity ?? identityFromKeys(await newIdentityKeys())
  const tables = httpTables(url)
  const runner = startRunner({
    link: socketLink(io(url, { transports: ['websocket'], reconnection: false, autoConnect: false, forceNew: true })),
    tables,
    engines: (changed) => nodeEngines(engine, threads, tables, changed),
    identity,
    kind: 'node',
    token,
    name,
    onSnapshot,
    tamper,
  })
  return {
    identity,
    ended: runner.ended,
    snapshot: () => runner.snapshot(),
    async finish() {
      runner.finish()
      await runner.ended
    },
    async stop() {
      runner.stop()
      await runner.ended
    },
  }
}
