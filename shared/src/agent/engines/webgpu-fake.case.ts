// A GPU for the laws of the engine above it: it computes one made-up kernel, answers when it is told to, and loses its
// devices on command. What a real one returns is the business of the tests on Dawn.
import { digest } from '../../exact/digest.ts'
import type { KernelArtifact } from '../../kernels/artifact.ts'
import type { Launch, ShardRange } from '../../kernels/kernel.ts'

/** Accumulates the units, and the sum of their low words and for each of them of the first constant. */
const text = { digest: digest('artifact.v1'), text: 'sums' }
export const sums: KernelArtifact = {
  name: 'mc/1/sums.v1',
  kernelDigest: digest('kernel.v1'),
  programs: {
    sums: {
      wasm: text,
      wasmSimd: null,
      wgsl: text,
      overrides: {},
      accumulators: 2,
      listed: null,
      unitsMax: 2 ** 20,
      encode: (words) => new Uint8Array(Uint32Array.from(words).buffer),
    },
  },
  unitsPerWorkgroupMax: 1024,
  tables: [],
  constants: 4,
  reference: ({ constants: [added = 0] }, { firstUnit, units }) => {
    let sum = 0
    for (let i = 0; i < units; i++) sum = (sum + Number(firstUnit) + i + added) >>> 0
    return new Uint8Array(Uint32Array.of(units, sum).buffer)
  },
  knownAnswers: [],
}
export const sumsLaunch: Launch = { program: 'sums', constants: new Uint32Array(4), tables: {} }
export const sumsShards = (count: number, units: number): ShardRange[] =>
  Array.from({ length: count }, (_, shard) => ({ shard, firstUnit: BigInt(shard * units), units }))

class FakeBuffer {
  readonly words: Uint32Array
  readonly size: number
  readonly usage: number
  readonly #device: FakeDevice

  constructor({ size, usage }: { size: number; usage: number }, device: FakeDevice) {
    this.words = new Uint32Array(Math.ceil(size / 4))
    this.size = size
    this.usage = usage
    this.#device = device
  }

  mapAsync = (): Promise<void> => this.#device.completed()
  getMappedRange = (from: number, bytes: number): ArrayBuffer => this.words.slice(from / 4, (from + bytes) / 4).buffer
  unmap = (): void => {}
  destroy = (): void => {}
}

type Work = () => void

export class FakeDevice {
  readonly limits: object
  readonly lost: Promise<{ message: string }>
  /** Units of each dispatch, in order. */
  readonly dispatched: number[] = []
  buffers = 0
  pipelines = 0
  /** Dispatches that nobody was told of, and the most there ever were. */
  waiting = 0
  waitingMost = 0
  /** False: it takes work and says nothing. */
  isQuick = true
  isWrong = false
  onDispatch: (units: number) => void = () => {}
  lose: (message?: string) => void = () => {}
  readonly queue: object
  #isLost = false

  constructor(limits: object) {
    this.limits = limits
    this.lost = new Promise((resolve) => {
      this.lose = (message = 'on command') => {
        this.#isLost = true
        resolve({ message })
      }
    })
    this.queue = {
      writeBuffer: (buffer: FakeBuffer, at: number, words: Uint32Array) => buffer.words.set(words, at / 4),
      submit: (all: Work[][]) => {
        for (const work of all.flat()) work()
        this.waiting++
        this.waitingMost = Math.max(this.waitingMost, this.waiting)
      },
      // Who asks while nothing was submitted is told of nothing.
      onSubmittedWorkDone: () => this.completed(this.waiting > 0),
    }
  }

  completed(dispatched = true): Promise<void> {
    if (this.#isLost) return Promise.reject(new Error('AbortError'))
    if (!this.isQuick) return new Promise(() => {})
    return new Promise((resolve) => {
      setImmediate(() => {
        if (dispatched) this.waiting--
        resolve()
      })
    })
  }

  pushErrorScope = (): void => {}
  popErrorScope = async (): Promise<null> => null
  destroy = (): void => this.lose('destroyed')
  createBuffer(asked: { size: number; usage: number }): FakeBuffer {
    this.buffers++
    return new FakeBuffer(asked, this)
  }
  createShaderModule = (): object => ({})
  createBindGroupLayout = (): object => ({})
  createPipelineLayout = (): object => ({})
  async createComputePipelineAsync(): Promise<object> {
    this.pipelines++
    return { getBindGroupLayout: () => ({}) }
  }
  createBindGroup = ({ entries }: { entries: { resource: { buffer: FakeBuffer } }[] }): FakeBuffer[] =>
    entries.map(({ resource }) => resource.buffer)

  createCommandEncoder(): object {
    const work: Work[] = []
    let bound: FakeBuffer[] = []
    return {
      clearBuffer: (buffer: FakeBuffer, from: number, bytes: number) =>
        work.push(() => buffer.words.fill(0, from / 4, (from + bytes) / 4)),
      beginComputePass: () => ({
        setPipeline: () => {},
        setBindGroup: (_: number, group: FakeBuffer[]) => (bound = group),
        dispatchWorkgroups: (count: number) => work.push(() => this.#compute(bound, count)),
        end: () => {},
      }),
      copyBufferToBuffer: (from: FakeBuffer, at: number, to: FakeBuffer, toAt: number, bytes: number) =>
        work.push(() => to.words.set(from.words.subarray(at / 4, (at + bytes) / 4), toAt / 4)),
      finish: () => work,
    }
  }

  #compute(bound: readonly FakeBuffer[], count: number): void {
    const [[constant = 0] = [], works = NONE, slots = NONE] = bound.map(({ words }) => words)
    let total = 0
    for (let group = 0; group < count; group++) {
      const [first = 0, , units = 0, slot = 0] = works.subarray(4 * group, 4 * group + 4)
      const added = this.isWrong ? constant + 1 : constant
      for (let i = 0; i < units; i++) slots[2 * slot + 1] = (slots[2 * slot + 1] ?? 0) + first + i + added
      slots[2 * slot] = (slots[2 * slot] ?? 0) + units
      total += units
    }
    this.dispatched.push(total)
    this.onDispatch(total)
  }
}

const NONE = new Uint32Array()

export interface FakeGpu {
  readonly gpu: GPU
  readonly devices: readonly FakeDevice[]
  /** What the last device was asked to grant. */
  asked(): Record<string, number>
}

const GRANTED = {
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupStorageSize: 16_384,
  maxComputeWorkgroupsPerDimension: 65_535,
  maxStorageBuffersPerShaderStage: 8,
  maxUniformBufferBindingSize: 65_536,
  maxStorageBufferBindingSize: 2 ** 27,
  maxBufferSize: 2 ** 28,
}

/** `adapter` says what the nth one is: its limits where they differ, whether it is software, or null for none. */
export function fakeGpu(
  adapter: (n: number) => { limits?: Partial<typeof GRANTED>; software?: boolean } | null = () => ({}),
  onDevice: (device: FakeDevice, n: number) => void = () => {},
): FakeGpu {
  Object.assign(globalThis, {
    GPUBufferUsage: { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, UNIFORM: 64, STORAGE: 128 },
    GPUMapMode: { READ: 1 },
    GPUShaderStage: { COMPUTE: 4 },
  })
  const devices: FakeDevice[] = []
  let adapters = 0
  let last: Record<string, number> = {}
  const gpu = {
    async requestAdapter() {
      const kind = adapter(adapters++)
      if (kind === null) return null
      const limits = { ...GRANTED, ...kind.limits }
      return {
        limits,
        info: { vendor: 'fake', architecture: '', description: '', isFallbackAdapter: kind.software ?? false },
        async requestDevice({ requiredLimits }: { requiredLimits: Record<string, number> }) {
          last = requiredLimits
          const device = new FakeDevice(limits)
          onDevice(device, devices.push(device) - 1)
          return device
        },
      }
    },
  }
  return { gpu: gpu as unknown as GPU, devices, asked: () => last }
}
