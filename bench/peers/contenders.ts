// Brings the contenders to the start: builds those in C with every compiler of this machine, starts processes and threads,
// and lets each answer one question at a time. What is missing here is said, not mourned: none of it ships.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { Answer } from './answer.ts'
import { FOUNDING, hasSimd, type Model } from './model.ts'
import type { Question, WorkerData } from './worker.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const COMPILERS = ['gcc', 'clang']
const FLAGS = ['-O3', '-march=native']
/** The same with vectors as wide as those of WASM. */
const NARROW_FLAGS = ['-mprefer-vector-width=128', '-DVECTOR_BYTES=16']
/** NumPy's libraries would start more. */
const ONE_THREAD = { OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' }
/** For a build, or an answer. */
const PATIENCE_MS = 60_000
const execute = promisify(execFile)

export type Kind = 'wasm' | 'scalar wasm' | 'integer C' | 'narrow C' | 'double C' | 'NumPy' | 'JavaScript'
const EXACT: readonly Kind[] = ['wasm', 'scalar wasm', 'integer C', 'narrow C']

export interface Contender {
  readonly kind: Kind
  readonly name: string
  /** It counts in integers and must return our accumulators. */
  readonly exact: boolean
  answer(question: Question): Promise<Answer>
  close(): void
}

/** Who runs, and what is to be said of those who cannot. */
interface Field {
  readonly present: readonly Contender[]
  readonly notes: readonly string[]
}

/** Everyone who can run here, and a sentence about each who cannot. */
export async function contenders(model: Model, integers: Uint32Array, folder: string): Promise<Field> {
  const input = path.join(folder, 'integers.bin')
  await writeFile(input, integers)
  const native = await Promise.all(COMPILERS.map((compiler) => inC(compiler, input, folder)))
  const numpy = await inNumpy()
  const notes = [...native, numpy].flatMap((field) => field.notes)
  if (native.every(({ present }) => present.length === 0)) {
    notes.push('without a C compiler nothing is compared with C here')
  }
  const present = [
    thread('wasm', 'our WASM engine', { contender: 'wasm', model }),
    ...(hasSimd(model)
      ? [thread('scalar wasm', 'our WASM engine without SIMD', { contender: 'scalar wasm', model })]
      : []),
    ...native.flatMap((field) => field.present),
    ...numpy.present,
    thread('JavaScript', 'JavaScript, doubles', { contender: 'doubles', model }),
  ]
  return { present, notes }
}

/** Those that one compiler builds. */
async function inC(compiler: string, input: string, folder: string): Promise<Field> {
  const version = await firstLine(compiler, ['--version'])
  if (version === null) return { present: [], notes: [`${compiler} is not installed`] }
  const notes = [`${version}, ${FLAGS.join(' ')}`]
  const build = async (source: string, flags: readonly string[] = []): Promise<string | null> => {
    const program = path.join(folder, [compiler, path.basename(source, '.c'), ...flags].join(''))
    try {
      const args = [...FLAGS, ...flags, path.join(HERE, source), '-lm', '-o', program]
      await execute(compiler, args, { timeout: PATIENCE_MS })
      return program
    } catch (error) {
      notes.push(`${compiler} ${flags.join(' ')} cannot build ${source}: ${String(error).split('\n')[1]}`)
      return null
    }
  }
  const [integer, narrow, double] = await Promise.all([
    build('integer.c'),
    build('integer.c', NARROW_FLAGS),
    build('doubles.c'),
  ])
  const integers = `C, integers in batches, ${compiler}`
  const present = [
    integer && lineProcess('integer C', integers, integer, [input]),
    narrow && lineProcess('narrow C', `${integers}, 128-bit`, narrow, [input]),
    double && lineProcess('double C', `C, doubles and libm, ${compiler}`, double, PARAMETERS),
  ]
  return { present: present.filter((contender) => typeof contender === 'object' && contender !== null), notes }
}

async function inNumpy(): Promise<Field> {
  const version = await firstLine('python3', ['-c', 'import numpy; print(numpy.__version__)'])
  if (version === null) return { present: [], notes: ['python3 with NumPy is not installed'] }
  const args = [path.join(HERE, 'doubles.py'), ...PARAMETERS]
  return { present: [lineProcess('NumPy', `NumPy ${version}, float64`, 'python3', args)], notes: [] }
}

async function firstLine(program: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout } = await execute(program, args)
    return stdout.split('\n')[0] ?? ''
  } catch {
    return null
  }
}

/** In the order in which doubles.c and doubles.py read them. */
const PARAMETERS = [
  FOUNDING.claim_freq,
  FOUNDING.claim_severity_mu,
  FOUNDING.claim_severity_sig,
  FOUNDING.cat_prob,
  FOUNDING.cat_mu,
  FOUNDING.cat_sig,
  FOUNDING.policy_limit,
  FOUNDING.cat_limit,
  FOUNDING.deductible,
  FOUNDING.aggregate_deductible,
  FOUNDING.aggregate_limit,
].map(String)

function lineProcess(kind: Kind, name: string, program: string, args: readonly string[]): Contender {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...ONE_THREAD } })
  const lines = createInterface(child.stdout)
  return {
    kind,
    name,
    exact: EXACT.includes(kind),
    async answer({ first, years }) {
      const signal = AbortSignal.timeout(PATIENCE_MS)
      const line = once(lines, 'line', { signal })
      child.stdin.write(`${first} ${years}\n`)
      const [text]: string[] = await line
      const answer: Answer = JSON.parse(text ?? '')
      return answer
    },
    close: () => void child.kill(),
  }
}

export function thread(kind: Kind, name: string, workerData: WorkerData): Contender {
  const worker = new Worker(new URL('worker.start.mjs', import.meta.url), { execArgv: [], workerData })
  return {
    kind,
    name,
    exact: EXACT.includes(kind),
    async answer(question) {
      const signal = AbortSignal.timeout(PATIENCE_MS)
      const message = once(worker, 'message', { signal })
      worker.postMessage(question)
      const [answer]: Answer[] = await message
      if (answer === undefined) throw new Error(`${name} has no answer`)
      return answer
    },
    close: () => void worker.terminate(),
  }
}
