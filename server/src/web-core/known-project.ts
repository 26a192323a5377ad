// The project that a request is about, or the refusal that there is none.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { ProjectRow } from '../store/tenants.ts'
import type { WebStore } from './deps.ts'
import { refuse, type Refusal } from './refusal.ts'

export const NO_PROJECT = 'There is no project of that id.'

export async function knownProject(store: Pick<WebStore, 'project'>, id: string): Promise<ProjectRow | Refusal> {
  return (await store.project(id as ProjectId)) ?? refuse('NOT_FOUND', NO_PROJECT)
}
