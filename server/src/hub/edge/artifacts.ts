// What the Hub tells whoever writes artifacts of a job that is about to be completed, and what it is told. Writing them is
// the memory's business: see memory/artifacts.ts.
import type { Contract } from '@forge/shared/contract/envelope.ts'
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import type { Kernel } from '@forge/shared/kernels/kernel.ts'

export type KeptArtifact =
  | { readonly kind: 'blob'; readonly name: string; readonly sha256: string }
  | { readonly kind: 'vmem'; readonly array: string; readonly ref: string; readonly digest: string }
  | { readonly kind: 'kv'; readonly namespace: string; readonly key: string }

export interface Kept {
  readonly artifacts: readonly KeptArtifact[]
  readonly warnings: readonly string[]
}

export interface CompletedJob {
  readonly id: JobId
  readonly projectId: ProjectId
  readonly contract: Contract
  readonly kernel: Kernel
  readonly shards: number
  readonly hub: {
    readonly metrics: object
    readonly output: Record<string, unknown>
    readonly replay: { readonly contract_digest: string; readonly output_digest: string }
  }
}

export type KeepArtifacts = (job: CompletedJob) => Promise<Kept>

export const KEEPS_NOTHING: KeepArtifacts = async () => ({ artifacts: [], warnings: [] })
