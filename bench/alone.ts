// Parts by themselves, in one process without server or browser: engines side by side, planning and tables, reduction.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Engine } from '@forge/shared/agent/engines/engine.ts'
import { createReferenceEngine } from '@forge/shared/agent/engines/reference-engine.ts'
import { createWasmEngine } from '@forge/shared/agent/engines/wasm-engine.ts'
import { compileTable } from '@forge/shared/distributions/table.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { isRefusal, shardRange, type KernelPlan, type Launch } from '@forge/shared/kernels/kernel.ts'
import { kernel } from '@forge/shared/kernels/mc.insurance.v1/kernel.ts'
import { keyOfSeed } from '@forge/shared/planner/contract.ts'
import { createReducer } from '@forge/shared/reducer/reduce.ts'
import { openGpu } from '../scripts/conformance/gpu.ts'
import { repeated, section, timed, type Figure, type Section } from './figures.ts'

const ENGINE_ROUNDS = 7
/** Years a round: a tenth of a second or so for each engine; for WebGPU it depends on what computes behind it. */
const YEARS = { wasm: 2 ** 22, reference: 2 ** 12, webgpu: { hardware: 2 ** 29, software: 2 ** 17 } }

/** All engines by turns in one run, so that whatever else the machine does hits them alike. */
export async function measureEngines(): Promise<Section> {
  const notes: string[] = []
  const gpu = await openGpu(artifacts, (line) => notes.push(line))
  const isFallback = gpu?.isFallback !== false
  if (gpu !== null) {
    const cpu = isFallback ? ', which computes on the CPU: it says nothing about a GPU' : ''
    notes.push(`WebGPU is Dawn on ${gpu.adapter}${cpu}.`)
  }
  const engines: Engine[] = [
    createWasmEngine(artifacts),
    ...(gpu === null ? [] : [gpu]),
    createReferenceEngine(artifacts),
  ]
  const { plan, launch } = planned(10_000_000)
  const lanes = await Promise.all(
    engines.map(async (engine) => ({ engine, loaded: await engine.load('mc/1/insurance.v1', launch) })),
  )
  const rounds = await repeated(ENGINE_ROUNDS + 1, async (round) => {
    const speeds: { wall: number; cpu: number }[] = []
    for (const { engine, loaded } of lanes) {
      const years = engine.name === 'webgpu' ? YEARS.webgpu[isFallback ? 'software' : 'hardware'] : YEARS[engine.name]
      const units = Math.min(years, plan.grid.unitsPerShard)
      const shards = Array.from({ length: years / units }, (_, i) => {
        const shard = round * 10_000 + i
        return { shard, firstUnit: BigInt(shard) * BigInt(units), units }
      })
      const cpu = process.cpuUsage()
      const ms = await timed(() => loaded.run(shards, () => {}))
      const { user, system } = process.cpuUsage(cpu)
      speeds.push({ wall: years / ms / 1_000, cpu: years / (user + system) })
    }
    return speeds
  })
  for (const { engine } of lanes) engine.close()
  // The first round warms up.
  const of = (i: number, clock: 'wall' | 'cpu'): number[] => rounds.slice(1).map((speeds) => speeds[i]?.[clock] ?? 0)
  const figures = lanes.flatMap(({ engine }, i): Figure[] => [
    { what: `${engine.name}`, unit: 'M years/s', samples: of(i, 'wall') },
    { what: '  by a second of its own CPU time', unit: 'M years/s', samples: of(i, 'cpu') },
  ])
  return section('Engines alone in one process, by turns, the founding model', figures, notes)
}

interface Planned {
  readonly plan: KernelPlan
  readonly launch: Launch
}

function planned(iterations: number, mu = 6): Planned {
  const args = argsOf(iterations, mu)
  const plan = kernel.plan(args)
  if (isRefusal(plan)) throw new Error('the founding request cannot be planned')
  const tables = Object.entries(plan.tables).map(([name, spec]) => [name, compileTable(spec).words] as const)
  const [pass] = plan.passes
  if (pass === undefined) throw new Error('the founding request has no pass')
  return { plan, launch: kernel.launch(plan, pass, keyOfSeed(kernel.id, 'bench'), Object.fromEntries(tables)) }
}

const argsOf = (iterations: number, mu = 6) =>
  kernel.argsSchema.parse({ iterations, claim_freq: 2, claim_severity_mu: mu, claim_severity_sig: 1 })

/** What a process prints that is started to plan once: the only way to see what the first time costs. */
export function planOnce(): string {
  return JSON.stringify(planningMs(6))
}

interface PlanningMs {
  readonly plan: number
  readonly severity: number
  readonly count: number
}

function planningMs(mu: number): PlanningMs {
  const started = performance.now()
  const plan = kernel.plan(argsOf(10_000_000, mu))
  if (isRefusal(plan)) throw new Error('the founding request cannot be planned')
  const { severity, count } = plan.tables
  const plannedAt = performance.now()
  if (severity !== undefined) compileTable(severity)
  const severityAt = performance.now()
  if (count !== undefined) compileTable(count)
  return { plan: plannedAt - started, severity: severityAt - plannedAt, count: performance.now() - severityAt }
}

export async function measurePlanning(runs: number): Promise<Section> {
  const start = [...process.execArgv, fileURLToPath(new URL('main.ts', import.meta.url)), '--plan-once']
  const cold = await repeated(runs, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, start)
    const found: PlanningMs = JSON.parse(stdout)
    return found
  })
  planningMs(6)
  const warm = await repeated(runs, (run) => planningMs(6.5 + run / 1000))
  const figures = (['plan', 'severity', 'count'] as const).flatMap((part): Figure[] => {
    const what = part === 'plan' ? 'the plan' : `a ${part} table`
    return [
      {
        what: `${what}, first in a process`,
        unit: 'ms',
        samples: cold.map((found) => found[part]),
        ...(part === 'severity' ? { target: 150 } : {}),
      },
      { what: '  after others', unit: 'ms', samples: warm.map((found) => found[part]) },
    ]
  })
  return section('Planning the founding request, tables never cached', figures)
}

export async function measureReduction(runs: number): Promise<Section> {
  const { plan, launch } = planned(10_000_000)
  const partials = new Map<number, Uint8Array>()
  const loaded = await createWasmEngine(artifacts).load('mc/1/insurance.v1', launch)
  const shards = Array.from({ length: plan.grid.shards }, (_, shard) => shardRange(plan.grid, shard))
  await loaded.run(shards, (shard, partial) => partials.set(shard, partial))
  const bytes = [...partials.values()].reduce((sum, partial) => sum + partial.length, 0)
  // As many full shards as a job can have; that some are twins changes no time.
  const most = planned(2 ** 31).plan
  const reduce = (of: KernelPlan, iterations: number): Promise<number> =>
    timed(() => {
      const reducer = createReducer(kernel, argsOf(iterations), of)
      for (let shard = 0; shard < of.grid.shards; shard++) {
        reducer.add(shard, partials.get(of === plan ? shard : shard % (plan.grid.shards - 1)) ?? new Uint8Array())
      }
      reducer.finish()
    })
  const first = await reduce(plan, 10_000_000)
  const few = await repeated(runs, () => reduce(plan, 10_000_000))
  const many = await repeated(runs, () => reduce(most, 2 ** 31))
  return section(
    'Reduction alone, without the store',
    [
      { what: `${plan.grid.shards} partials, first in a process`, unit: 'ms', samples: [first] },
      { what: `${plan.grid.shards} partials`, unit: 'ms', samples: few },
      { what: `${most.grid.shards} partials`, unit: 'ms', samples: many },
    ],
    [`${Math.round(bytes / plan.grid.shards)} bytes a partial`],
  )
}
