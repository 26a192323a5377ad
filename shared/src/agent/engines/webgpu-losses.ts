// How many devices an agent may lose: a driver that was restarted is no reason to leave the GPU, one that falls over
// again and again is.

const LOSSES_MAX = 3
const WINDOW_MS = 10 * 60_000

export class WebGpuLosses {
  #times: readonly number[] = []

  add(nowMs: number): void {
    this.#times = [...this.#recent(nowMs), nowMs]
  }

  /** Each halves what a dispatch may take. */
  count(nowMs: number): number {
    return this.#recent(nowMs).length
  }

  areEnough(nowMs: number): boolean {
    return this.count(nowMs) >= LOSSES_MAX
  }

  #recent(nowMs: number): readonly number[] {
    return this.#times.filter((time) => nowMs - time < WINDOW_MS)
  }
}
