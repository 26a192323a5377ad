// `pnpm conformance`: whether all engines give the same bits, over many iterations of many contracts. The digest of
// every shard is held against another engine's; it ends with 1 when one differs, and names it.
import { parseArgs } from 'node:util'
import { runConformance } from './conformance/run.ts'

const { values } = parseArgs({
  options: {
    /** Iterations of WASM with SIMD against scalar WASM. */
    wasm: { type: 'string', default: '1e9' },
    /** Of WebGPU against WASM; without it 1e9 on a GPU, 2e7 on a software adapter. */
    webgpu: { type: 'string' },
    /** Of WASM against the reference. */
    reference: { type: 'string', default: '2e7' },
    seed: { type: 'string', default: 'conformance' },
  },
})

function iterationsOf(name: string, text: string): number {
  const iterations = Number(text)
  if (Number.isInteger(iterations) && iterations >= 0) return iterations
  throw new Error(`--${name} is a number of iterations, such as 1000000 or 1e9, or 0; not ${text}`)
}

const started = performance.now()
const { compared, differences } = await runConformance(
  {
    wasm: iterationsOf('wasm', values.wasm),
    webgpu: values.webgpu === undefined ? undefined : iterationsOf('webgpu', values.webgpu),
    reference: iterationsOf('reference', values.reference),
    rootSeed: values.seed,
    texts: {},
  },
  (line) => console.log(line),
)
const seconds = ((performance.now() - started) / 1000).toFixed(1)
const verdict = differences.length === 0 ? 'all are equal' : `${differences.length} are DIFFERENT`
console.log(`${compared} shards compared in ${seconds} s under the seed ${values.seed}: ${verdict}.`)
// Dawn keeps a process alive. A run that compared nothing has proved nothing.
process.exit(differences.length === 0 && compared > 0 ? 0 : 1)
