// A place among the uploads of a project, for as long as one takes, however it ends.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { RouteDeps } from './deps.ts'
import { WEB_LIMITS } from './limits.ts'
import { refuse, Refusal } from './refusal.ts'

export async function withUploadPlace<T>(
  projectId: ProjectId,
  { uploads }: Pick<RouteDeps, 'uploads'>,
  work: () => Promise<T>,
): Promise<T | Refusal> {
  const giveBack = uploads.take(projectId)
  if (giveBack === null) return tooMany()
  try {
    return await work()
  } finally {
    giveBack()
  }
}

/** What is left of the body is not read, so nothing else can come on this connection. */
function tooMany(): Refusal {
  const detail = `A project has at most ${WEB_LIMITS.uploadsPerProjectMax} uploads at once; send this one again when another has ended.`
  const { problem } = refuse('TOO_MANY_UPLOADS', detail)
  return new Refusal(problem, { 'Retry-After': String(WEB_LIMITS.retryPlaceSeconds), Connection: 'close' })
}
