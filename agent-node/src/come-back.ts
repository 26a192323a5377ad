// An agent that a quarantine sent away comes back when it is over. The pool calls nobody: the agent asks again now and then,
// with the same key, for a machine that nobody looks after would else be lost to the pool though its operator let it in again.
import { setTimeout as sleep } from 'node:timers/promises'
import type { AgentSnapshot } from '@forge/shared/agent/snapshot.ts'
import type { NodeAgent } from './node-agent.ts'

/** Seldom: most quarantines last a day, and a ban is refused like one. */
const AGAIN_MS_MAX = 10 * 60_000

export interface ComeBackOptions {
  /** Of the same identity each time. */
  readonly start: () => Promise<Pick<NodeAgent, 'ended' | 'snapshot' | 'stop'>>
  /** Aborted by whoever wants it to leave for good. */
  readonly leave: AbortSignal
  readonly say: (line: string) => void
  readonly againMs?: () => number
}

/** Resolves with how it ended, when it left, or was refused for what no time mends. */
export async function comingBack({ start, leave, say, againMs = soon }: ComeBackOptions): Promise<AgentSnapshot> {
  for (;;) {
    const agent = await start()
    const stop = (): void => void agent.stop()
    if (leave.aborted) stop()
    leave.addEventListener('abort', stop)
    await agent.ended
    leave.removeEventListener('abort', stop)
    const snapshot = agent.snapshot()
    if (!snapshot.sentAway || leave.aborted) return snapshot
    const ms = againMs()
    say(`It asks again in ${Math.ceil(ms / 60_000)} min, until it is let in.`)
    await sleep(ms, undefined, { signal: leave }).catch(() => undefined)
    if (leave.aborted) return snapshot
  }
}

/** Not all at once, of those whom one order sent away. */
const soon = (): number => AGAIN_MS_MAX * (0.5 + Math.random() / 2)
