// What a contract means, apart from who asks and how it is run: its digest, its key, its plan. Pure functions of the
// contract; the plan's digest adds the policy, which never reaches the output.
import type { Policy } from '../contract/envelope.ts'
import type { Reference } from '../contract/memory.ts'
import { utf8 } from '../exact/bytes.ts'
import { digestBytes, digestOfJson, type Digest } from '../exact/digest.ts'
import type { Kernel, KernelId, KernelPlan } from '../kernels/kernel.ts'

/**
 * SHA-256 of the RFC 8785 form of what the output depends on: op, args with defaults, root seed, references. The args have
 * the values that the references stand for; of a reference there is its place, its kind and its digest, and not the name
 * that its project gave it.
 */
export function contractDigest(
  kernel: Kernel,
  args: unknown,
  rootSeed: string,
  references: readonly Reference[] = [],
): Digest {
  const { op, version, profile } = kernel.id
  const named = references
    .map(({ path, kind, digest }) => ({ path, kind, digest }))
    .toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  return digestOfJson('contract.v1', { op, version, profile, args, root_seed: rootSeed, references: named })
}

/** The Philox key: the first eight bytes, big endian, of a digest of op, version, profile and the seed's UTF-8. */
export function keyOfSeed({ op, version, profile }: KernelId, rootSeed: string): readonly [number, number] {
  const bytes = digestBytes('seed-to-key.v1', utf8(`${op}\0${version}\0${profile}\0${rootSeed}`))
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8)
  return [view.getUint32(0), view.getUint32(4)]
}

/** Adds to the contract what fixes the work: kernel, shards, tables, the kernel's own facts, and the policy. */
export function planDigest(
  contract: Digest,
  kernel: Kernel,
  plan: KernelPlan,
  tables: Readonly<Record<string, Digest>>,
  policy: Policy,
): Digest {
  return digestOfJson('plan.v1', {
    contract_digest: contract,
    kernel_digest: kernel.digest,
    shards: plan.grid.shards,
    passes: plan.grid.passes,
    planned_passes: plan.passes,
    units: plan.grid.units.toString(),
    units_per_shard: plan.grid.unitsPerShard,
    tables,
    facts: plan.facts,
    policy,
  })
}
