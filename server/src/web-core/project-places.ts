// How many of a kind each project has at once: event streams, uploads. They hold a connection and what lies behind it, so
// their number is bounded.
import type { ProjectId } from '@forge/shared/contract/ids.ts'

export interface ProjectPlaces {
  /** What gives the place back, once; null when all are taken. */
  take(projectId: ProjectId): (() => void) | null
}

export function createProjectPlaces(most: number): ProjectPlaces {
  const taken = new Map<ProjectId, number>()
  return {
    take(projectId) {
      const now = taken.get(projectId) ?? 0
      if (now >= most) return null
      taken.set(projectId, now + 1)
      let given = false
      return () => {
        if (given) return
        given = true
        const left = (taken.get(projectId) ?? 1) - 1
        if (left === 0) taken.delete(projectId)
        else taken.set(projectId, left)
      }
    },
  }
}
