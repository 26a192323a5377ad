// One run of shards on a device: dispatches go out ahead of what is read back, so that a fast GPU never waits for us.
//
// What is under way is a queue of tickets in the order in which the device completes them. A dispatch's ticket brings the
// accumulators of the shards that it ended; where shards list words, a second ticket brings as much of the lists as those
// say. A slot is used again only after everything that its last shard left there was read.
import type { ShardRange } from '../../kernels/kernel.ts'
import { EngineError, type Computed } from './engine.ts'
import { listedWords, type WebGpuDevice } from './webgpu-device.ts'
import type { WebGpuLaunch } from './webgpu-launch.ts'
import { planDispatch, WORKGROUPS_MAX, type Cursor, type Dispatch } from './webgpu-pace.ts'

/** Lists of all slots together, unless a single one needs more. */
const LISTS_BYTES = 2 ** 25
const LISTING_SLOTS_MAX = 64

export interface RunListener {
  emit(shard: number, partial: Uint8Array): void
  readonly computed: Computed
}

interface Ticket {
  readonly came: Promise<Uint32Array>
  act(words: Uint32Array): void
}

export class WebGpuRun {
  readonly #on: WebGpuDevice
  readonly #launch: WebGpuLaunch
  readonly #shards: readonly ShardRange[]
  readonly #listener: RunListener
  readonly #slotBytes: number
  /** Words of one slot's list. */
  readonly #stride: number
  readonly #slots: number
  /** Shards that one dispatch may end, so that the next finds free slots. */
  readonly #shardsPerDispatch: number
  readonly #workgroups: GPUBuffer
  readonly #accumulators: GPUBuffer
  readonly #lists: GPUBuffer
  readonly #bindings: GPUBindGroup
  readonly #tickets: Ticket[] = []
  #at: Cursor = { index: 0, units: 0 }
  #computing = 0
  /** Of the dispatches that were completed. */
  #unitsComputed = 0
  /** The first shard whose slot is not read. */
  #unread = 0
  /** When the device last completed a dispatch: the one behind it began then. */
  #completedMs = -Infinity

  /** Of at least one shard. */
  constructor(launch: WebGpuLaunch, shards: readonly ShardRange[], listener: RunListener) {
    const { on, order } = launch
    const { device, buffers, shape } = on
    const { program } = order
    this.#on = on
    this.#launch = launch
    this.#shards = shards
    this.#listener = listener
    this.#slotBytes = 4 * program.accumulators
    this.#stride = listedWords(
      program,
      shards.reduce((most, { units }) => Math.max(most, units), 0),
    )
    const lists = program.listed !== null
    this.#slots = lists ? listingSlots(this.#stride, shape.slots) : shape.slots
    this.#shardsPerDispatch = Math.max(1, Math.floor(this.#slots / (shape.inFlight + (lists ? 1 : 0))))
    const listBytes = 4 * (1 + Math.max(1, this.#slots * this.#stride))
    if (listBytes > device.limits.maxStorageBufferBindingSize) {
      throw new EngineError(`a shard may list ${this.#stride} words, and this GPU binds no buffer for so many`)
    }
    const { STORAGE, COPY_DST, COPY_SRC } = GPUBufferUsage
    this.#workgroups = buffers.take(16 * WORKGROUPS_MAX, STORAGE | COPY_DST)
    this.#accumulators = buffers.take(this.#slots * this.#slotBytes, STORAGE | COPY_SRC | COPY_DST)
    this.#lists = buffers.take(listBytes, STORAGE | COPY_SRC | COPY_DST)
    device.queue.writeBuffer(this.#lists, 0, Uint32Array.of(this.#stride))
    const bound = [launch.constants, this.#workgroups, this.#accumulators, ...launch.tables].map((buffer) => ({
      buffer,
    }))
    this.#bindings = device.createBindGroup({
      layout: launch.pipeline.getBindGroupLayout(0),
      entries: [...bound, { buffer: this.#lists, size: listBytes }].map((resource, binding) => ({ binding, resource })),
    })
  }

  async complete(signal: AbortSignal | undefined): Promise<void> {
    try {
      for (;;) {
        signal?.throwIfAborted()
        const { duty } = this.#launch.order
        if (this.#computing === 0) await duty.rest(signal)
        signal?.throwIfAborted()
        // A second dispatch behind the first would be computed while we rest.
        const inFlight = duty.isFull ? this.#on.shape.inFlight : 1
        while (this.#computing < inFlight && this.#dispatch());
        const ticket = this.#tickets.shift()
        if (ticket === undefined) return
        ticket.act(await ticket.came)
      }
    } finally {
      // After an abort the device may still write here; whoever is next comes behind that in its queue.
      for (const buffer of [this.#workgroups, this.#accumulators, this.#lists]) this.#on.buffers.give(buffer)
    }
  }

  /** False when there is nothing to submit, or no slot until more was read. */
  #dispatch(): boolean {
    const { index } = this.#at
    const until = Math.min(this.#shards.length, index + this.#shardsPerDispatch, this.#unread + this.#slots)
    if (index >= until) return false
    const { pace, duty, artifact } = this.#launch.order
    const budget = {
      units: pace.units,
      until,
      slots: this.#slots,
      unitsPerWorkgroupMax: artifact.unitsPerWorkgroupMax,
    }
    const dispatch = planDispatch(this.#shards, this.#at, budget, this.#on.shape)
    this.#at = dispatch.next
    this.#computing++
    const submittedMs = performance.now()
    let tookMs = 0
    this.#expect({
      came: this.#on.whole(async () => {
        const words = await this.#submit(dispatch)
        const nowMs = performance.now()
        // One that was submitted behind another was computed while we heard of that one.
        tookMs = nowMs - Math.max(submittedMs + this.#on.latencyMs, this.#completedMs)
        this.#completedMs = nowMs
        return words
      }),
      act: (words) => {
        this.#computing--
        duty.worked(tookMs, this.#completedMs)
        pace.measured(dispatch.units, tookMs)
        this.#listener.computed((this.#unitsComputed += dispatch.units))
        this.#take(dispatch, words)
      },
    })
    return true
  }

  #expect(ticket: Ticket): void {
    // Whoever awaits it hears of its failure; after an abort nobody does.
    ticket.came.catch(() => {})
    this.#tickets.push(ticket)
  }

  /** Resolves to the accumulators of the shards that ended, one after another. */
  async #submit({ workgroups, begun, ended }: Dispatch): Promise<Uint32Array> {
    const { device } = this.#on
    const bytes = this.#slotBytes
    device.queue.writeBuffer(this.#workgroups, 0, workgroups)
    const commands = device.createCommandEncoder()
    for (const index of begun) commands.clearBuffer(this.#accumulators, (index % this.#slots) * bytes, bytes)
    const pass = commands.beginComputePass()
    pass.setPipeline(this.#launch.pipeline)
    pass.setBindGroup(0, this.#bindings)
    pass.dispatchWorkgroups(workgroups.length / 4)
    pass.end()
    if (ended.length === 0) {
      device.queue.submit([commands.finish()])
      await device.queue.onSubmittedWorkDone()
      return new Uint32Array()
    }
    const slots = ended.map((index) => ({ from: (index % this.#slots) * bytes, bytes }))
    return this.#read(commands, this.#accumulators, slots, this.#shardsPerDispatch * bytes)
  }

  /** What a dispatch ended is handed out, or its lists are asked for first. */
  #take({ ended }: Dispatch, words: Uint32Array): void {
    const { accumulators, listed } = this.#launch.order.program
    const found = ended.map((index, i) => ({
      index,
      accumulators: words.subarray(i * accumulators, (i + 1) * accumulators),
    }))
    if (listed === null) {
      for (const { index, accumulators: own } of found) this.#give(index, own, new Uint32Array())
      return
    }
    const lengths = found.map(({ accumulators: own }) => own[listed.countAt] ?? 0)
    if (lengths.some((length) => length > this.#stride)) throw new EngineError('the GPU listed more than a shard can')
    this.#expect({
      came: this.#readLists(ended, lengths),
      act: (lists) => {
        let at = 0
        for (const [i, { index, accumulators: own }] of found.entries()) {
          this.#give(index, own, lists.subarray(at, (at += lengths[i] ?? 0)))
        }
      },
    })
  }

  async #readLists(ended: readonly number[], lengths: readonly number[]): Promise<Uint32Array> {
    const lists = ended.map((index, i) => ({
      from: 4 * (1 + (index % this.#slots) * this.#stride),
      bytes: 4 * (lengths[i] ?? 0),
    }))
    const some = lists.filter(({ bytes }) => bytes > 0)
    const bytes = some.reduce((sum, list) => sum + list.bytes, 0)
    if (bytes === 0) return new Uint32Array()
    const { device } = this.#on
    return this.#on.whole(() => this.#read(device.createCommandEncoder(), this.#lists, some, bytes))
  }

  /** Submits the commands with copies behind them, and resolves to what was copied; `room` makes buffers alike. */
  async #read(
    commands: GPUCommandEncoder,
    source: GPUBuffer,
    pieces: readonly { readonly from: number; readonly bytes: number }[],
    room: number,
  ): Promise<Uint32Array> {
    const { device, buffers } = this.#on
    const target = buffers.take(room, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST)
    let size = 0
    for (const { from, bytes } of pieces) {
      commands.copyBufferToBuffer(source, from, target, size, bytes)
      size += bytes
    }
    device.queue.submit([commands.finish()])
    await target.mapAsync(GPUMapMode.READ, 0, size)
    const words = new Uint32Array(target.getMappedRange(0, size).slice(0))
    target.unmap()
    buffers.give(target)
    return words
  }

  #give(index: number, accumulators: Uint32Array, listed: Uint32Array): void {
    this.#unread = index + 1
    const range = this.#shards[index]
    if (range === undefined) return
    const { program, launch } = this.#launch.order
    this.#listener.emit(range.shard, program.encode(accumulators, range.units, listed, launch))
  }
}

function listingSlots(stride: number, slots: number): number {
  const fitting = Math.floor((LISTS_BYTES / 4 - 1) / Math.max(1, stride))
  return Math.max(1, Math.min(slots, LISTING_SLOTS_MAX, fitting))
}
