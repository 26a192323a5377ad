// The tables that an engine's self-test needs, fetched like any other before the engine is asked.
import type { Digest } from '../exact/digest.ts'
import type { KernelArtifact } from '../kernels/artifact.ts'
import type { KnownTables } from './engine-lane.ts'
import { patiently, type TableSource } from './link.ts'

/** A pool that cannot be reached is waited for: its absence says nothing about this machine's engines. */
export async function knownTables(
  artifacts: readonly KernelArtifact[],
  tables: TableSource,
  isOver: () => boolean,
): Promise<KnownTables> {
  const names = new Set<Digest>(
    artifacts.flatMap(({ knownAnswers }) =>
      knownAnswers.flatMap((known) => Object.values(known.tables).map((table) => table.digest)),
    ),
  )
  const load = async (name: Digest) => [name, await patiently(() => tables(name), isOver)] as const
  return new Map(await Promise.all([...names].map(load)))
}
