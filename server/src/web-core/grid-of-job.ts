// What a stored contract is cut into, planned anew from what was registered: units, shards, passes.
import { contractSchema } from '@forge/shared/contract/envelope.ts'
import { isRefusal, type ShardGrid } from '@forge/shared/kernels/kernel.ts'
import { findKernel } from '../kernels.ts'
import type { JobRow } from '../store/store.ts'

/** Null where this version has not the kernel that it was registered for, or no longer reads its contract. */
export function gridOf({ request, kernelDigest }: Pick<JobRow, 'request' | 'kernelDigest'>): ShardGrid | null {
  const read = contractSchema.safeParse(JSON.parse(request))
  if (!read.success) return null
  const { op, args } = read.data
  const kernel = findKernel(op.name, op.version, op.profile)
  if (kernel === null || kernel.digest !== kernelDigest) return null
  const readArgs = kernel.argsSchema.safeParse(args)
  if (!readArgs.success) return null
  const plan = kernel.plan(readArgs.data)
  return isRefusal(plan) ? null : plan.grid
}
