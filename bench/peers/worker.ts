// A contender that runs in a thread of Node: our WASM engine, whole shards one after the other, or plain JavaScript. It
// answers questions as the native contenders do, and its clock runs while the years do, no longer.
import { parentPort, workerData } from 'node:worker_threads'
import type { Answer } from './answer.ts'
import { startClocks } from './clocks.ts'
import { doubles } from './doubles.ts'
import { wasmEngine, type Model } from './model.ts'
import { addedUp, workOf } from './partial.ts'

export interface WorkerData {
  readonly contender: 'wasm' | 'scalar wasm' | 'doubles'
  readonly model: Model
}

export interface Question {
  readonly first: bigint
  readonly years: number
}

const { contender, model }: WorkerData = workerData
const answer = contender === 'doubles' ? javascript() : await wasm(contender === 'wasm')
parentPort?.on('message', async (question: Question) => parentPort?.postMessage(await answer(question)))

function javascript(): (question: Question) => Promise<Answer> {
  const run = doubles()
  return async ({ years }) => run(years)
}

async function wasm(simd: boolean): Promise<(question: Question) => Promise<Answer>> {
  const loaded = await wasmEngine(model, simd)
  const { unitsPerShard } = model
  return async ({ first, years }) => {
    const shards = Array.from({ length: Math.ceil(years / unitsPerShard) }, (_, shard) => ({
      shard,
      firstUnit: first + BigInt(shard * unitsPerShard),
      units: Math.min(unitsPerShard, years - shard * unitsPerShard),
    }))
    const partials: Uint8Array[] = []
    const clocks = startClocks()
    await loaded.run(shards, (_, partial) => void partials.push(partial))
    return { ...clocks(), ...addedUp(partials.map(workOf)) }
  }
}
