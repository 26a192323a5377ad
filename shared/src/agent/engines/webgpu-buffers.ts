// Buffers of one device, used again by whoever comes next: every run needs the same few sizes, and making one is a
// journey to the driver. A buffer that comes back keeps its content; nothing here clears it.

/** What lies idle beyond this is destroyed. */
const IDLE_BYTES_MAX = 2 ** 27
const LEAST_BYTES = 256

export class WebGpuBuffers {
  readonly #device: GPUDevice
  /** By usage and size. */
  readonly #idle = new Map<string, GPUBuffer[]>()
  #idleBytes = 0

  constructor(device: GPUDevice) {
    this.#device = device
  }

  /** At least so many bytes: bind what you need of it. */
  take(bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const size = Math.min(roundedUp(bytes), this.#device.limits.maxBufferSize)
    const idle = this.#idle.get(key(size, usage))?.pop()
    if (idle === undefined) return this.#device.createBuffer({ size, usage })
    this.#idleBytes -= size
    return idle
  }

  /** Not while it is mapped. Dispatches under way may still use it: whoever takes it comes behind them in the queue. */
  give(buffer: GPUBuffer): void {
    const { size, usage } = buffer
    if (this.#idleBytes + size > IDLE_BYTES_MAX) return buffer.destroy()
    const place = key(size, usage)
    this.#idle.set(place, [...(this.#idle.get(place) ?? []), buffer])
    this.#idleBytes += size
  }
}

const key = (size: number, usage: GPUBufferUsageFlags): string => `${usage} ${size}`

/** Steps of an eighth, so that lists of about the same length share buffers. */
function roundedUp(bytes: number): number {
  const step = Math.max(LEAST_BYTES, 2 ** (Math.ceil(Math.log2(Math.max(1, bytes))) - 3))
  return Math.ceil(bytes / step) * step
}
