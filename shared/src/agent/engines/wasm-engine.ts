// The WASM engine: one thread, one instance of the kernel's module for every load, no imports and fixed memory. Runs in
// windows, workers and Node alike; whoever wants more cores starts more workers.
import { fromBase64 } from '../../exact/bytes.ts'
import type { Digest } from '../../exact/digest.ts'
import {
  paddedTables,
  programOf,
  type KernelArtifact,
  type KernelProgram,
  type Program,
} from '../../kernels/artifact.ts'
import type { Launch, ShardRange } from '../../kernels/kernel.ts'
import type { DutyCycle } from './duty-cycle.ts'
import { EngineError, type Engine, type LoadedKernel } from './engine.ts'
import { takeTurns } from './turns.ts'

/** A call into the module is at most this many units, some ten milliseconds, so that an abort is soon heard. */
const UNITS_PER_CALL = 2 ** 16

// The part of the JavaScript interface that is used: the types of Node know none, and those of the DOM too much.
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean
  compile(bytes: Uint8Array): Promise<object>
  instantiate(module: object, imports: object): Promise<{ readonly exports: Record<string, unknown> }>
}

export interface WasmOptions {
  /** False: the scalar programs, as on a machine without SIMD. */
  readonly simd?: boolean
  /** How much of the time it may work; all of it unless said. */
  readonly duty?: DutyCycle
}

export function createWasmEngine(
  artifacts: readonly KernelArtifact[],
  { simd = true, duty }: WasmOptions = {},
): Engine {
  /** By the digest of the program's text. */
  const modules = new Map<Digest, Promise<object>>()
  const compiled = ({ digest, text }: Program): Promise<object> => {
    const known = modules.get(digest) ?? WebAssembly.compile(fromBase64(text))
    modules.set(digest, known)
    return known
  }
  const usable = new Map<Digest, boolean>()
  const moduleOf = ({ wasm, wasmSimd }: KernelProgram): Promise<object> => {
    if (!simd || wasmSimd === null) return compiled(wasm)
    const runs = usable.get(wasmSimd.digest) ?? WebAssembly.validate(fromBase64(wasmSimd.text))
    usable.set(wasmSimd.digest, runs)
    return compiled(runs ? wasmSimd : wasm)
  }
  return {
    name: 'wasm',
    async load(kernel, launch) {
      const artifact = artifacts.find(({ name }) => name === kernel)
      if (artifact === undefined) throw new EngineError(`this agent has no kernel ${kernel}`)
      try {
        const program = programOf(artifact, launch)
        const { exports } = await WebAssembly.instantiate(await moduleOf(program), {})
        return loadedKernel(artifact, program, interfaceOf(exports), { launch, duty })
      } catch (error) {
        throw new EngineError(`WASM could not load ${kernel}: ${String(error)}`, { cause: error })
      }
    },
    close: () => modules.clear(),
  }
}

interface WasmInterface {
  readonly memory: ArrayBuffer
  address(name: string): number
  reset(): void
  run(unitLow: number, unitHigh: number, units: number): void
}

function interfaceOf(exports: Record<string, unknown>): WasmInterface {
  const call = (name: string): ((...args: number[]) => unknown) => {
    const found = exports[name]
    if (typeof found !== 'function') throw new TypeError(`the module exports no function ${name}`)
    return (...args) => found(...args)
  }
  const { memory } = exports
  if (!hasField(memory, 'buffer') || !(memory.buffer instanceof ArrayBuffer)) {
    throw new TypeError('the module exports no memory')
  }
  return {
    memory: memory.buffer,
    address(name) {
      const found = exports[name]
      if (!hasField(found, 'value') || typeof found.value !== 'number') {
        throw new TypeError(`the module exports no address ${name}`)
      }
      return found.value
    },
    reset: call('reset'),
    run: call('run'),
  }
}

const hasField = <Name extends string>(value: unknown, name: Name): value is Record<Name, unknown> =>
  typeof value === 'object' && value !== null && name in value

function loadedKernel(
  artifact: KernelArtifact,
  { accumulators: accumulatorWords, listed, unitsMax, encode }: KernelProgram,
  program: WasmInterface,
  { launch, duty }: { readonly launch: Launch; readonly duty: DutyCycle | undefined },
): LoadedKernel {
  // WASM is little endian, and so is every machine that a browser or Node runs on.
  const put = (name: string, words: Uint32Array): void =>
    new Uint32Array(program.memory, program.address(name), words.length).set(words)
  for (const { name, words } of paddedTables(artifact, launch)) put(name, words)
  put('constants', launch.constants)
  const accumulators = new Uint32Array(program.memory, program.address('accumulators'), accumulatorWords)
  const listedWords = (): Uint32Array =>
    listed === null
      ? new Uint32Array()
      : new Uint32Array(program.memory, program.address('listed'), accumulators[listed.countAt])

  return {
    async run(shards, emit, signal, computed) {
      const turns = takeTurns(signal, duty)
      let units = 0
      try {
        for (const range of shards) {
          if (range.units > unitsMax) throw new EngineError(`a shard of ${range.units} units exceeds ${unitsMax}`)
          program.reset()
          for (const slice of slices(range)) {
            await turns.next()
            program.run(Number(slice.firstUnit & 0xffffffffn), Number(slice.firstUnit >> 32n), slice.units)
            computed?.((units += slice.units))
          }
          emit(range.shard, encode(accumulators, range.units, listedWords(), launch))
        }
      } finally {
        turns.close()
      }
    },
    close() {},
  }
}

function* slices({ shard, firstUnit, units }: ShardRange): Generator<ShardRange> {
  for (let done = 0; done < units; done += UNITS_PER_CALL) {
    yield { shard, firstUnit: firstUnit + BigInt(done), units: Math.min(UNITS_PER_CALL, units - done) }
  }
}
