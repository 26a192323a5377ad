// How many event streams each project has open: they hold a connection and look at the store, so their number is bounded.
import type { ProjectId } from '@forge/shared/contract/ids.ts'

export interface StreamBudget {
  /** What gives the place back, once; null when all are taken. */
  take(projectId: ProjectId): (() => void) | null
}

export function createStreamBudget(most: number): StreamBudget {
  const open = new Map<ProjectId, number>()
  return {
    take(projectId) {
      const now = open.get(projectId) ?? 0
      if (now >= most) return null
      open.set(projectId, now + 1)
      let given = false
      return () => {
        if (given) return
        given = true
        const left = (open.get(projectId) ?? 1) - 1
        if (left === 0) open.delete(projectId)
        else open.set(projectId, left)
      }
    },
  }
}
