// Who worked on a project's newest jobs, read once for all that ask at about the same time: it is a sum over all shards of
// these jobs, and consoles ask again and again.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { ProjectWork } from '../store/agent-orders.ts'
import { WEB_LIMITS } from './limits.ts'

/** At most `projectWorkMs` old. Rejects as the store does, and then asks anew. */
export type WorkOf = (projectId: ProjectId) => Promise<readonly ProjectWork[]>

/** `nowMs`: milliseconds that never go back; by a wall clock that is set back an answer would be kept for as long. */
export function createWorkOf(
  read: (projectId: ProjectId) => Promise<ProjectWork[]>,
  nowMs: () => number = () => performance.now(),
): WorkOf {
  const known = new Map<ProjectId, { readonly atMs: number; readonly work: Promise<readonly ProjectWork[]> }>()
  return (projectId) => {
    const now = nowMs()
    for (const [id, { atMs }] of known) if (now - atMs >= WEB_LIMITS.projectWorkMs) known.delete(id)
    const before = known.get(projectId)
    if (before !== undefined) return before.work
    const work = read(projectId)
    known.set(projectId, { atMs: now, work })
    work.catch(() => {
      if (known.get(projectId)?.work === work) known.delete(projectId)
    })
    return work
  }
}
