// Writing KV: from what a client sends to rows, with the refusals of sizes, conditions and quotas.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { KEEP_TTL, MEMORY_LIMITS } from '@forge/shared/contract/memory.ts'
import { utf8 } from '@forge/shared/exact/bytes.ts'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import type { Condition, KvEntry, KvWrite, MemoryStore } from '../../store/memory.ts'
import type { TenantStore } from '../../store/tenants.ts'
import { preconditionFailed } from '../../web-core/preconditions.ts'
import { refuse, type Refusal } from '../../web-core/refusal.ts'
import { quotaExceeded, quotaOf } from '../quota.ts'

export interface SentEntry {
  readonly key: string
  readonly value: unknown
  readonly ttl_seconds?: number | typeof KEEP_TTL | undefined
  readonly condition: Condition
  /** Where in the body its value is. */
  readonly path: string
  /** Where in the body its condition is; left out for one that stands in a header. */
  readonly conditionPath?: string
}

export interface PutKvDeps {
  readonly store: Pick<MemoryStore, 'putKv'> & Pick<TenantStore, 'project'>
  readonly clock: () => number
}

/** All or none, in their order. */
export async function putEntries(
  projectId: ProjectId,
  namespace: string,
  entries: readonly SentEntry[],
  { store, clock }: PutKvDeps,
): Promise<readonly KvEntry[] | Refusal> {
  const nowMs = clock()
  const writes: KvWrite[] = []
  for (const { key, value, ttl_seconds: ttl, condition, path } of entries) {
    const text = canonicalJson(value)
    const bytes = utf8(text).length
    if (bytes > MEMORY_LIMITS.kvValueBytesMax) return tooLarge(path, bytes)
    writes.push({ key, value: text, condition, expiresAtMs: expiryOf(ttl, nowMs) })
  }
  const written = await store.putKv(projectId, namespace, writes, await quotaOf(store, projectId), nowMs)
  switch (written.status) {
    case 'written':
      return written.entries
    case 'over-quota':
      return quotaExceeded(written)
    case 'conflict': {
      const unmet = entries.filter(({ key }) => written.keys.includes(key))
      return preconditionFailed('An entry', ...unmet)
    }
  }
}

function expiryOf(ttl: SentEntry['ttl_seconds'], nowMs: number): KvWrite['expiresAtMs'] {
  if (ttl === undefined) return null
  return ttl === KEEP_TTL ? KEEP_TTL : nowMs + ttl * 1000
}

function tooLarge(path: string, bytes: number): Refusal {
  const message = `has ${bytes} bytes as canonical JSON; at most ${MEMORY_LIMITS.kvValueBytesMax} fit`
  return refuse('VALUE_TOO_LARGE', `${path}: ${message}.`, { errors: [{ path, message }] })
}
