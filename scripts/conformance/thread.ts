// A worker thread that computes one task after another, on an engine of the kind that each names.
import { parentPort, workerData } from 'node:worker_threads'
import type { Engine } from '@forge/shared/agent/engines/engine.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { compute } from './compute.ts'
import type { FromThread, ToThread } from './threads.ts'
import { openEngine, withTexts, type Texts, type EngineKind } from './engine-kind.ts'

const port = parentPort
if (port === null) throw new Error('thread.ts runs in a worker thread')
const texts: Texts = workerData
const programs = withTexts(artifacts, texts)
const engines = new Map<EngineKind, Engine>()

port.on('message', ({ kind, task }: ToThread) => {
  answer(kind, task).then(
    (computed) => port.postMessage(computed),
    (error: unknown) => port.postMessage({ failed: String(error) } satisfies FromThread),
  )
})

async function answer(kind: EngineKind, task: ToThread['task']): Promise<FromThread> {
  const engine = engines.get(kind) ?? (await openEngine(kind, programs, undefined))
  engines.set(kind, engine)
  return compute(engine, task)
}
