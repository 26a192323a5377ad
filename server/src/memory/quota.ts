// The quotas of a project's memory: where they come from, and what a client is told when one would be exceeded.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { MEMORY_LIMITS } from '@forge/shared/contract/memory.ts'
import type { MemoryQuota, OverQuota } from '../store/memory.ts'
import type { TenantStore } from '../store/tenants.ts'
import { refuse, type Refusal } from '../web-core/refusal.ts'
import { limitsOf } from '../web-core/tenant-views.ts'
import type { ByteLimit } from './bytes-in-flight.ts'

export async function quotaOf(store: Pick<TenantStore, 'project'>, projectId: ProjectId): Promise<MemoryQuota> {
  const project = await store.project(projectId)
  if (project === null) throw new Error(`project ${projectId} has a key and is not there`)
  const limits = limitsOf(project)
  return {
    kvKeys: limits.kv_keys,
    kvBytes: limits.kv_bytes,
    blobs: MEMORY_LIMITS.blobsPerProjectMax,
    blobBytes: limits.blob_bytes,
    vmemArrays: MEMORY_LIMITS.vmemArraysPerProjectMax,
    vmemBytes: limits.vmem_bytes,
  }
}

const LIMIT_NAMES: Readonly<Record<keyof MemoryQuota, string>> = {
  kvKeys: 'kv_keys',
  kvBytes: 'kv_bytes',
  blobs: 'blobs',
  blobBytes: 'blob_bytes',
  vmemArrays: 'vmem_arrays',
  vmemBytes: 'vmem_bytes',
}

export function quotaExceeded({ limit, most, wanted }: OverQuota): Refusal {
  const detail = `With this the project would have ${wanted} of ${LIMIT_NAMES[limit]}; its limit is ${most}. Delete what nobody needs, or ask the operator for more.`
  return refuse('MEMORY_QUOTA_EXCEEDED', detail)
}

/** Of an upload that is stopped on its way: what others of the project are sending at the moment counts too. */
export function noRoomFor(limit: ByteLimit, { [limit]: most }: MemoryQuota): Refusal {
  const detail = `With this and what else is being uploaded the project would have more ${LIMIT_NAMES[limit]} than its limit of ${most}. Wait for other uploads, delete what nobody needs, or ask the operator for more.`
  return refuse('MEMORY_QUOTA_EXCEEDED', detail)
}
