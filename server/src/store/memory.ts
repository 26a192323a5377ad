// The memory surfaces in the store: what a project keeps under names of its own. Everything is found by project and name
// alone, so that no project can reach another's. What has expired is not there, whether it was swept away yet or not.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import type { Reference } from '@forge/shared/contract/memory.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { Dtype } from '@forge/shared/exact/typed-array.ts'
import type { PageOf } from './tenants.ts'

/** What a project holds, as its quotas count it. */
export interface MemoryUsage {
  readonly kvKeys: number
  readonly kvBytes: number
  readonly blobs: number
  /** Also of what jobs alone need any more. */
  readonly blobBytes: number
  readonly vmemArrays: number
  /** Also of what jobs alone need any more. */
  readonly vmemBytes: number
}

/** Null lifts a limit. */
export interface MemoryQuota {
  readonly kvKeys: number | null
  readonly kvBytes: number | null
  readonly blobs: number | null
  readonly blobBytes: number | null
  readonly vmemArrays: number | null
  readonly vmemBytes: number | null
}

/** What must hold of the version that is there for a change to be made: RFC 9110, `If-Match` and `If-None-Match: *`. */
export type Condition =
  | { readonly kind: 'always' }
  | { readonly kind: 'exists' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'version'; readonly versions: readonly number[] }

/** Nothing was written, because a quota would be exceeded: which one, and what it would be with this. */
export interface OverQuota<Limit extends string = keyof MemoryQuota> {
  readonly status: 'over-quota'
  readonly limit: Limit
  readonly most: number
  readonly wanted: number
}

export interface KvNamespace {
  readonly namespace: string
  readonly keys: number
}

export interface KvEntry {
  readonly namespace: string
  readonly key: string
  /** Canonical JSON. */
  readonly value: string
  readonly bytes: number
  /** Greater with every write, in the whole project: a name that was deleted and written anew has another one. */
  readonly version: number
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly expiresAtMs: number | null
}

export interface KvWrite extends Pick<KvEntry, 'key' | 'value'> {
  /** `keep`: that of what is there, if it has not expired; null where nothing is. */
  readonly expiresAtMs: number | 'keep' | null
  readonly condition: Condition
}

export type KvWritten =
  | { readonly status: 'written'; readonly entries: readonly KvEntry[] }
  /** These keys do not have the version that was asked for; nothing was written. */
  | { readonly status: 'conflict'; readonly keys: readonly string[] }
  | OverQuota

export type ObjectKind = 'blob' | 'vmem'

/** Bytes that lie in the object store. */
export interface StoredObject {
  readonly objectId: string
  readonly bytes: number
  /** 64 hexadecimal digits. */
  readonly sha256: string
}

export interface BlobRow extends StoredObject {
  readonly name: string
  readonly contentType: string
  readonly version: number
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly expiresAtMs: number | null
}

export type NewBlob = StoredObject & Pick<BlobRow, 'name' | 'contentType' | 'expiresAtMs'>

export type BlobWritten =
  | { readonly status: 'written'; readonly blob: BlobRow }
  | { readonly status: 'conflict' }
  | OverQuota

export interface ObjectRows {
  /** Before anything is put into the object store: unless it is claimed by then, it is removed after that time. */
  beginObject(objectId: string, removeAfterMs: number): Promise<void>
  /** What was begun is not wanted; it is removed with the next sweep. */
  discardObject(objectId: string, nowMs: number): Promise<void>
  /** Ids of a bounded number of objects that are to be removed now. */
  objectsToRemove(nowMs: number): Promise<string[]>
  /** They are not in the object store any more. */
  objectsRemoved(objectIds: readonly string[]): Promise<void>
}

export interface BlobStore {
  /** Claims the object and lets the one that it replaces go, unless a job needs that. */
  putBlob(
    projectId: ProjectId,
    blob: NewBlob,
    condition: Condition,
    quota: MemoryQuota,
    nowMs: number,
  ): Promise<BlobWritten>
  blob(projectId: ProjectId, name: string, nowMs: number): Promise<BlobRow | null>
  /** By name, in the order of its bytes. */
  blobsOf(projectId: ProjectId, prefix: string, page: PageOf<string>, nowMs: number): Promise<BlobRow[]>
  deleteBlob(
    projectId: ProjectId,
    name: string,
    condition: Condition,
    nowMs: number,
  ): Promise<'deleted' | 'absent' | 'conflict'>
}

/** One version of an array: it never changes. */
export interface VmemRow extends StoredObject {
  readonly name: string
  /** From 1. */
  readonly version: number
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Domain `vmem.v1`, over type, shape and bytes. */
  readonly digest: Digest
  readonly createdAtMs: number
}

export type NewVmem = Omit<VmemRow, 'version' | 'createdAtMs'>

/** The array may be an older one of the same content, with another object: what was begun is then not wanted. */
export type VmemWritten = { readonly status: 'written'; readonly array: VmemRow } | OverQuota

/** What a job's args refer to, and where its bytes are. */
export interface JobReference extends Reference {
  readonly objectId: string
}

export interface VmemStore {
  putVmem(projectId: ProjectId, array: NewVmem, quota: MemoryQuota, nowMs: number): Promise<VmemWritten>
  /** `version` null: the newest. */
  vmem(projectId: ProjectId, name: string, version: number | null): Promise<VmemRow | null>
  /** By name, in the order of its bytes, and version. */
  vmemOf(
    projectId: ProjectId,
    prefix: string,
    page: PageOf<readonly [name: string, version: number]>,
  ): Promise<VmemRow[]>
  /** Newest first. */
  vmemVersions(projectId: ProjectId, name: string, page: PageOf<number>): Promise<VmemRow[]>
  /** False when there is none. */
  deleteVmem(projectId: ProjectId, name: string, version: number, nowMs: number): Promise<boolean>
  /** In the order of their paths. */
  referencesOf(jobId: JobId): Promise<JobReference[]>
}

export interface MemoryStore extends ObjectRows, BlobStore, VmemStore {
  memoryUsage(projectId: ProjectId): Promise<MemoryUsage>

  kv(projectId: ProjectId, namespace: string, keys: readonly string[], nowMs: number): Promise<KvEntry[]>
  /** All of them or none, in the order of the writes; no key twice. */
  putKv(
    projectId: ProjectId,
    namespace: string,
    writes: readonly KvWrite[],
    quota: MemoryQuota,
    nowMs: number,
  ): Promise<KvWritten>
  deleteKv(
    projectId: ProjectId,
    namespace: string,
    key: string,
    condition: Condition,
    nowMs: number,
  ): Promise<'deleted' | 'absent' | 'conflict'>
  /** Those that hold something, in the order of their bytes. */
  kvNamespaces(projectId: ProjectId, page: PageOf<string>, nowMs: number): Promise<KvNamespace[]>
  /** By key, in the order of its bytes. */
  kvOf(projectId: ProjectId, namespace: string, prefix: string, page: PageOf<string>, nowMs: number): Promise<KvEntry[]>

  /** Removes a bounded number of things whose time is over; true when there may be more. */
  sweepMemory(nowMs: number): Promise<boolean>
  /** When the next thing's time is over; null: nothing has an end. */
  nextExpiry(): Promise<number | null>
}
