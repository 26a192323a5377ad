// What the simulated store knows of identities: exposures with what ended them, and the operator's orders. All servers of the
// database write here, and read on what others wrote; the rules are those of the real store.
import type { Identity } from '@forge/shared/contract/ids.ts'
import type { ReleaseRow } from '../../store/store.ts'
import type { KnownExposures } from '../core/exposure.ts'
import { BAN_WITHIN_MS } from '../core/limits.ts'
import type { Order } from '../core/orders.ts'

export type NumberedOrder = Order & { readonly number: number }

interface Exposed {
  readonly number: number
  readonly atMs: number
  readonly previousAtMs: number | null
  readonly writtenAs: number
}

export class IdentityRows {
  /** The last of each identity. */
  readonly #exposures = new Map<Identity, Exposed>()
  readonly #released = new Set<string>()
  readonly orders: NumberedOrder[] = []
  /** Whose exposures changed, in the order in which that became durable. */
  readonly #acts: Identity[] = []

  get lastAct(): number {
    return this.#acts.length
  }

  get lastOrder(): number {
    return this.orders.length
  }

  /** Of two servers that find the same out at once, one writes the row. */
  expose({ identity, number }: { identity: Identity; number: number }, atMs: number, writtenAs: number): void {
    const before = this.#exposures.get(identity)
    if (before !== undefined && before.number >= number) return
    this.#exposures.set(identity, { number, atMs, previousAtMs: before?.atMs ?? null, writtenAs })
    this.#acts.push(identity)
  }

  /** Ends the exposure that it names, and the orders that its server had heard. */
  release({ identity, number, lastOrder: known }: Omit<ReleaseRow, 'atMs'>, atMs: number): void {
    if (number > 0 && !this.#released.has(`${identity}|${number}`)) {
      this.#released.add(`${identity}|${number}`)
      this.#acts.push(identity)
    }
    const last = this.#lastOrderOf(identity)
    if (last === undefined || last.kind === 'requalified' || last.number > known) return
    this.#append({ identity, kind: 'requalified', atMs })
  }

  /** False where it changes nothing. */
  order(order: Order, quarantineMs: number): boolean {
    if (!this.#changes(order, quarantineMs)) return false
    this.#append(order)
    return true
  }

  #changes({ identity, kind, atMs }: Order, quarantineMs: number): boolean {
    const last = this.#lastOrderOf(identity)
    if (kind === 'ban') return last?.kind !== 'ban'
    const waits =
      last?.kind === 'ban' ||
      (last?.kind === 'quarantine' && atMs < last.atMs + quarantineMs) ||
      this.#servesExposure(identity, atMs, quarantineMs)
    return kind === 'quarantine' ? !waits : waits
  }

  #servesExposure(identity: Identity, nowMs: number, quarantineMs: number): boolean {
    const known = this.known(identity)
    if (known === undefined || known.isOver) return false
    const { atMs, previousAtMs } = known
    const isSecond = previousAtMs !== null && atMs - previousAtMs < BAN_WITHIN_MS
    if (!isSecond && nowMs >= atMs + quarantineMs) return false
    return !this.orders.some((order) => order.identity === identity && order.kind === 'release' && order.atMs >= atMs)
  }

  #append(order: Order): void {
    this.orders.push({ ...order, number: this.orders.length + 1 })
  }

  #lastOrderOf(identity: Identity): NumberedOrder | undefined {
    return this.orders.findLast((order) => order.identity === identity)
  }

  // ---- as it is read

  known(identity: Identity): KnownExposures | undefined {
    const last = this.#exposures.get(identity)
    if (last === undefined) return undefined
    const { number, atMs, previousAtMs } = last
    const isOver = this.#released.has(`${identity}|${number}`)
    return { identity, exposures: number, atMs, previousAtMs, isOver }
  }

  exposures(): KnownExposures[] {
    return [...this.#exposures.keys()].flatMap((identity) => this.known(identity) ?? [])
  }

  ordersAfter(number: number): readonly NumberedOrder[] {
    return this.orders.slice(number)
  }

  exposuresAfter(act: number): { readonly through: number; readonly known: readonly KnownExposures[] } {
    const changed = new Set(this.#acts.slice(act))
    return { through: this.#acts.length, known: [...changed].flatMap((identity) => this.known(identity) ?? []) }
  }

  /** Which write its last exposure came with. */
  exposedIn(identity: Identity): number {
    return this.#exposures.get(identity)?.writtenAs ?? -1
  }
}
