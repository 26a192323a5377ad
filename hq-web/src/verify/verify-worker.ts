// Verifies a job in this browser, beside the page: reads its bundle and the server's keys, and has the bundle checked by what
// `pnpm forge verify` uses, with the agents' own WASM programs. Kernels are in this worker's files alone, so that HQ stays small.
import { createWasmEngine } from '@forge/shared/agent/engines/wasm-engine.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { checkBundle } from '@forge/shared/receipt/check-bundle.ts'
import type { RerunStep } from '@forge/shared/receipt/check-shards.ts'
import { keysOfList } from '@forge/shared/receipt/keys.ts'
import { ApiProblem } from '../api.ts'
import { getExactly } from '../get-exactly.ts'
import { drawBelow } from './draw.ts'
import type { FromVerifier, ToVerifier } from './messages.ts'

const tell = (message: FromVerifier): void => self.postMessage(message)

const word = new Uint32Array(1)
const bits = (): number => crypto.getRandomValues(word)[0] ?? 0

async function verify({ jobId, receipt, shards }: ToVerifier): Promise<void> {
  const keys = keysOfList(await getExactly('/.well-known/forge-keys.json'))
  if (typeof keys === 'string') return tell({ kind: 'no-keys', says: keys })
  const bundle = await getExactly('/api/v0/jobs/{id}/bundle', { params: { id: jobId } })
  const engine = createWasmEngine(artifacts)
  try {
    const draw = (of: number): number => drawBelow(of, bits)
    const expected = { jobId, receipt }
    const told = (step: RerunStep): void => tell({ kind: 'step', step })
    tell({ kind: 'done', checked: await checkBundle(bundle, { keys, engine, shards, draw, told, expected }) })
  } finally {
    engine.close()
  }
}

self.onmessage = ({ data }: MessageEvent<ToVerifier>) => {
  verify(data).catch((error: unknown) => {
    if (error instanceof ApiProblem) tell({ kind: 'refused', problem: error.problem })
    // An error of the worker, which the page hears as one.
    else reportError(error)
  })
}
