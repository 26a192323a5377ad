// The thread that simulates one contract after another, for oracle-threads.case.ts.
import { parentPort } from 'node:worker_threads'
import type { FromThread, ToThread } from './oracle-threads.case.ts'
import { simulate, type ExactLoss } from './simulate.case.ts'

parentPort?.on('message', ({ args, rootSeed }: ToThread) => {
  const tell = (reply: FromThread): void => parentPort?.postMessage(reply)
  run(args, rootSeed).then(tell, (error: unknown) => tell({ failed: String(error) }))
})

async function run(args: object, rootSeed: string): Promise<FromThread> {
  const started = performance.now()
  const { loss, plan } = await simulate(args, rootSeed)
  const exact = loss as unknown as ExactLoss
  return { loss: exact, profile: plan.facts.profile, seconds: (performance.now() - started) / 1000 }
}
