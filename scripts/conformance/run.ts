// All comparisons of `pnpm conformance`, one after another: the threads, the GPU, and what is said meanwhile.
import { availableParallelism } from 'node:os'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import type { Task } from './case.ts'
import { compareContract, type Comparison, type Computers, type Row } from './compare.ts'
import { compute, type Computed } from './compute.ts'
import { planContracts } from './contracts.ts'
import { openGpu } from './gpu.ts'
import { openThreads } from './threads.ts'
import { titleOf, toldTable } from './told.ts'
import { isWritten, withTexts, type Texts, type EngineKind } from './engine-kind.ts'

export interface Asked {
  /** Iterations of each comparison; 0 leaves it out. */
  readonly wasm: number
  readonly reference: number
  /** Undefined: as many as suit the adapter. */
  readonly webgpu: number | undefined
  readonly rootSeed: string
  readonly texts: Texts
}

export interface Verdict {
  readonly compared: number
  readonly differences: readonly string[]
}

/** On a real GPU a minute or so, on a software adapter some, too. */
const WEBGPU_ITERATIONS = { hardware: 1_000_000_000, software: 20_000_000 }
const SAY_EVERY_MS = 5_000

export async function runConformance(asked: Asked, say: (line: string) => void): Promise<Verdict> {
  const programs = withTexts(artifacts, asked.texts)
  if (asked.webgpu !== 0) say('Looking for a GPU; Dawn may warn that this machine has no driver for one.')
  const gpu = asked.webgpu === 0 ? null : await openGpu(programs, say)
  const threads = openThreads(availableParallelism(), asked.texts)
  let gpuIsFree = Promise.resolve()
  const onGpu = (task: Task): Promise<Computed> => {
    if (gpu === null) throw new Error('there is no WebGPU here')
    // One task at a time: the engine's error scopes are the device's.
    const computed = gpuIsFree.then(() => compute(gpu, task))
    gpuIsFree = computed.then(
      () => {},
      () => {},
    )
    return computed
  }
  const computers: Computers = {
    artifacts: programs,
    abreast: threads.count + 1,
    compute: async (kind, task) => (kind === 'webgpu' ? onGpu(task) : threads.compute(kind, task)),
  }
  const suited = gpu?.isFallback === false ? WEBGPU_ITERATIONS.hardware : WEBGPU_ITERATIONS.software
  const rows: Row[] = []
  const comparing = async (tested: EngineKind, trusted: EngineKind, iterations: number): Promise<void> => {
    if (iterations > 0)
      rows.push(...(await compareAll(computers, { tested, trusted }, iterations, asked.rootSeed, say)))
  }
  try {
    await comparing('simd', 'scalar', asked.wasm)
    if (gpu !== null) {
      say(`WebGPU is Dawn on ${gpu.adapter}${gpu.isFallback ? ', which computes on the CPU' : ''}.`)
      await comparing('webgpu', 'wasm', asked.webgpu ?? suited)
    }
    await comparing('wasm', 'reference', asked.reference)
  } finally {
    await threads.close()
    gpu?.close()
  }
  return {
    compared: rows.reduce((sum, { shards }) => sum + shards, 0),
    differences: rows.flatMap(({ differences }) => differences),
  }
}

async function compareAll(
  computers: Computers,
  comparison: Comparison,
  iterations: number,
  rootSeed: string,
  say: (line: string) => void,
): Promise<Row[]> {
  const { planned, left } = planContracts(iterations, rootSeed, (kernel, program) => {
    const found = computers.artifacts.find(({ name }) => name === kernel)?.programs[program]
    return found !== undefined && isWritten(comparison.trusted, found) && isWritten(comparison.tested, found)
  })
  for (const line of left) say(`${titleOf(comparison)} leaves out ${line}`)
  const rows: Row[] = []
  let said = performance.now()
  for (const contract of planned) {
    const found = await compareContract(computers, comparison, contract, (row, shards) => {
      if (performance.now() - said < SAY_EVERY_MS) return
      said = performance.now()
      const different = row.differences.length > 0 ? `, ${row.differences.length} DIFFERENT` : ''
      say(`${titleOf(comparison)}: ${row.contract}, ${row.program}, ${row.shards} of ${shards} shards${different}`)
    })
    rows.push(...found)
  }
  say(`\n${toldTable(comparison, rows)}`)
  return rows
}
