// The quotas of a project's memory: where they come from, and what a client is told when one would be exceeded.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { MEMORY_LIMITS } from '@forge/shared/contract/memory.ts'
import type { MemoryQuota, MemoryStore, OverQuota } from '../store/memory.ts'
import type { TenantStore } from '../store/tenants.ts'
import { refuse, type Refusal } from '../web-core/refusal.ts'
import { limitsOf } from '../web-core/tenant-views.ts'

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
  return exceeded(limit, most, `${wanted} of`)
}

function exceeded(limit: keyof MemoryQuota, most: number, wanted: string): Refusal {
  const detail = `With this the project would have ${wanted} ${LIMIT_NAMES[limit]}; its limit is ${most}. Delete what nobody needs, or ask the operator for more.`
  return refuse('MEMORY_QUOTA_EXCEEDED', detail)
}

/** What an upload may have, so that one that cannot fit is stopped early; whether it fits is decided when it is claimed. */
export async function roomFor(
  store: Pick<MemoryStore, 'memoryUsage'>,
  projectId: ProjectId,
  limit: 'blobBytes' | 'vmemBytes',
  quota: MemoryQuota,
  replaced: number,
): Promise<{ readonly bytes: number; readonly exceeded: () => Refusal }> {
  const most = quota[limit]
  if (most === null) return { bytes: Infinity, exceeded: () => exceeded(limit, Infinity, 'more than') }
  const used = (await store.memoryUsage(projectId))[limit]
  return { bytes: Math.max(0, most - used + replaced), exceeded: () => exceeded(limit, most, 'more than') }
}
