// The reference as an engine: the kernel's definition itself, a few ten thousand units a second. For tests, and for a
// referee that trusts no compiler.
import type { KernelArtifact } from '../../kernels/artifact.ts'
import { EngineError, type Engine } from './engine.ts'
import { takeTurns } from './turns.ts'

export function createReferenceEngine(artifacts: readonly KernelArtifact[]): Engine {
  return {
    name: 'reference',
    async load(kernel, launch) {
      const artifact = artifacts.find(({ name }) => name === kernel)
      if (artifact === undefined) throw new EngineError(`this agent has no kernel ${kernel}`)
      return {
        async run(shards, emit, signal, computed) {
          const turns = takeTurns(signal)
          let before = 0
          try {
            for (const range of shards) {
              await turns.next()
              emit(
                range.shard,
                artifact.reference(launch, range, (units) => computed?.(before + units)),
              )
              before += range.units
            }
          } finally {
            turns.close()
          }
        },
        close() {},
      }
    },
    close() {},
  }
}
