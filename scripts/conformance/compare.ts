// Computes contracts on two kinds of engine and holds the digest of every shard of every pass against the other's. Where a pass
// follows from the total of the others, the trusted kind's partials are added up.
import { programOf, type KernelArtifact } from '@forge/shared/kernels/artifact.ts'
import { shardRange, type PassPlan, type ShardRange } from '@forge/shared/kernels/kernel.ts'
import { createReducer, type Reducer } from '@forge/shared/reducer/reduce.ts'
import type { Task } from './case.ts'
import type { Computed } from './compute.ts'
import type { Planned } from './contracts.ts'
import { isWritten, type EngineKind } from './engine-kind.ts'

export interface Comparison {
  readonly trusted: EngineKind
  readonly tested: EngineKind
}

export interface Computers {
  /** The programs that they run. */
  readonly artifacts: readonly KernelArtifact[]
  /** Tasks that it makes sense to ask for at once. */
  readonly abreast: number
  compute(kind: EngineKind, task: Task): Promise<Computed>
}

/** What became of one pass of one contract. */
export interface Row {
  readonly contract: string
  readonly program: string
  /** False: nobody wrote the program for both kinds, and nothing was compared. */
  readonly written: boolean
  iterations: number
  shards: number
  equal: number
  /** A sentence for each shard that differs. */
  readonly differences: string[]
  /** Of the clock on the wall. */
  seconds: number
  /** Of all threads together, by kind. */
  readonly busyMs: Record<string, number>
}

type Heard = (row: Row, shardsOfPass: number) => void

export async function compareContract(
  computers: Computers,
  comparison: Comparison,
  contract: Planned,
  heard: Heard = () => {},
): Promise<Row[]> {
  const { kernel, args, plan } = contract.question
  const reducer = createReducer(kernel, args, plan)
  const rows: Row[] = []
  for (let index = 0; index < plan.grid.passes; index++) {
    const pass = plan.passes[index] ?? reducer.refinement().pass
    const row = await comparePass(computers, comparison, contract, { pass, index }, reducer, heard)
    rows.push(row)
    // What would follow from a wrong total is nobody's question.
    if (row.differences.length > 0) break
  }
  return rows
}

async function comparePass(
  computers: Computers,
  { trusted, tested }: Comparison,
  { name, question, offset }: Planned,
  { pass, index }: { readonly pass: PassPlan; readonly index: number },
  reducer: Reducer,
  heard: Heard,
): Promise<Row> {
  const { plan, kernelName: kernel } = question
  const launch = question.launch(pass)
  const artifact = computers.artifacts.find((each) => each.name === kernel)
  if (artifact === undefined) throw new Error(`there are no programs of ${kernel}`)
  const program = programOf(artifact, launch)
  const written = isWritten(trusted, program) && isWritten(tested, program)
  const row = begin(name, pass.program, written)
  const isAdded = plan.refines && index < plan.passes.length
  if (!written && !isAdded) return row

  const started = performance.now()
  const ranges = Array.from({ length: plan.grid.shards }, (_, i) => {
    const range = shardRange(plan.grid, index * plan.grid.shards + i)
    return { ...range, firstUnit: range.firstUnit + offset }
  })
  const on = async (kind: EngineKind, task: Task): Promise<Computed> => {
    const computed = await computers.compute(kind, task)
    row.busyMs[kind] = (row.busyMs[kind] ?? 0) + computed.ms
    return computed
  }
  await abreast(computers.abreast, tasksOf(ranges, trusted, tested), async (some) => {
    const task = { kernel, launch, ranges: some }
    const [right, found] = await Promise.all([on(trusted, task), written ? on(tested, task) : undefined])
    if (isAdded) right.partials.forEach((partial, i) => reducer.add(some[i]?.shard ?? 0, partial))
    if (found !== undefined) hold(row, some, [right, trusted], [found, tested])
    row.seconds = (performance.now() - started) / 1000
    heard(row, plan.grid.shards)
  })
  return row
}

const begin = (contract: string, program: string, written: boolean): Row => ({
  contract,
  program,
  written,
  iterations: 0,
  shards: 0,
  equal: 0,
  differences: [],
  seconds: 0,
  busyMs: {},
})

function hold(
  row: Row,
  ranges: readonly ShardRange[],
  [{ digests: right }, trusted]: readonly [Computed, EngineKind],
  [{ digests: found }, tested]: readonly [Computed, EngineKind],
): void {
  for (const [i, { shard, firstUnit, units }] of ranges.entries()) {
    row.shards++
    row.iterations += units
    if (right[i] !== undefined && right[i] === found[i]) row.equal++
    else
      row.differences.push(
        `${row.contract}, ${row.program}, shard ${shard} (${units} years from ${firstUnit}): ` +
          `${tested} ${found[i] ?? 'nothing'}, ${trusted} ${right[i] ?? 'nothing'}`,
      )
  }
}

/** A launch costs milliseconds to load, and a GPU begins each slowly; a shard on the reference takes a tenth of a second. */
const SHARDS_PER_TASK = { fast: 32, reference: 4 }

function tasksOf(ranges: readonly ShardRange[], ...kinds: readonly EngineKind[]): ShardRange[][] {
  const size = kinds.includes('reference') ? SHARDS_PER_TASK.reference : SHARDS_PER_TASK.fast
  return Array.from({ length: Math.ceil(ranges.length / size) }, (_, i) => ranges.slice(i * size, (i + 1) * size))
}

async function abreast<T>(lanes: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  const lane = async (): Promise<void> => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}
