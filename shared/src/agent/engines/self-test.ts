// Before an engine's first shard of a kernel on a machine it must give the kernel's known answers there, because compilers
// and drivers have had integer bugs. Multiplications, shifts and the generator are tested by what is made of them.
import type { Ready } from '../../contract/agent-events.ts'
import { digest, type Digest } from '../../exact/digest.ts'
import type { KernelArtifact, KnownAnswer } from '../../kernels/artifact.ts'
import type { Launch } from '../../kernels/kernel.ts'
import { EngineError, type Engine } from './engine.ts'

/** Throws or rejects when it does not have the table. */
type LoadTable = (digest: Digest) => Uint32Array | Promise<Uint32Array>

export type SelfTest =
  | { readonly passed: true; readonly digests: readonly Digest[]; readonly unitsPerSecond: number }
  | { readonly passed: false; readonly reason: string }

/** The speed is measured for about this long; it is no more than a first guess. */
const MEASURE_MS = 40
const GROWTH = 4
/** As the wire takes it. */
const UNITS_PER_SECOND_MAX = 1e13

/** All kernels one after another, as a lane reports them. Throws an `EngineError` at the first that fails. */
export async function selfTest(
  engine: Engine,
  artifacts: readonly KernelArtifact[],
  tables: ReadonlyMap<Digest, Uint32Array>,
): Promise<readonly Ready[]> {
  const loadTable = (name: Digest): Uint32Array => {
    const table = tables.get(name)
    if (table === undefined) throw new EngineError(`the table ${name} for the self-test is missing`)
    return table
  }
  const readies: Ready[] = []
  for (const artifact of artifacts) {
    const result = await testKernel(engine, artifact, loadTable)
    if (!result.passed) throw new EngineError(result.reason)
    readies.push({
      engine: engine.name,
      kernel: artifact.name,
      kernelDigest: artifact.kernelDigest,
      digests: [...result.digests],
      unitsPerSecond: result.unitsPerSecond,
    })
  }
  return readies
}

export async function testKernel(engine: Engine, artifact: KernelArtifact, loadTable: LoadTable): Promise<SelfTest> {
  const digests: Digest[] = []
  let unitsPerSecond = 0
  try {
    for (const known of artifact.knownAnswers) {
      const loaded = await engine.load(artifact.name, await launchOf(known, loadTable))
      try {
        const range = { shard: 0, firstUnit: BigInt(known.firstUnit), units: known.units }
        const started = performance.now()
        await loaded.run([range], (_, partial) => digests.push(digest('partial.v1', partial)))
        if (digests.at(-1) !== known.digest) return failed(artifact, engine, digests.length)
        if (unitsPerSecond > 0) continue
        let units = known.units
        let ms = performance.now() - started
        // The first answer's time is mostly the compiler's; larger runs tell more, if there is time for them.
        while (ms < MEASURE_MS / GROWTH && units < 2 ** 24) {
          units *= GROWTH
          const again = performance.now()
          await loaded.run([{ ...range, units }], () => {})
          ms = performance.now() - again
        }
        unitsPerSecond = Math.min(UNITS_PER_SECOND_MAX, (units * 1000) / Math.max(ms, 0.01))
      } finally {
        loaded.close()
      }
    }
  } catch (error) {
    return { passed: false, reason: error instanceof Error ? error.message : String(error) }
  }
  return { passed: true, digests, unitsPerSecond }
}

const failed = ({ name }: KernelArtifact, engine: Engine, answer: number): SelfTest => ({
  passed: false,
  reason: `${engine.name} computes ${name} wrongly on this machine: known answer ${answer} differs`,
})

async function launchOf({ program, constants, tables }: KnownAnswer, loadTable: LoadTable): Promise<Launch> {
  const loaded: Record<string, Uint32Array> = {}
  for (const [name, { digest: table }] of Object.entries(tables)) loaded[name] = await loadTable(table)
  return { program, constants: Uint32Array.from(constants), tables: loaded }
}
