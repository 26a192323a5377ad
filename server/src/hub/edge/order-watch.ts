// Orders about agents as they become durable, by this server or by another one on the same database: each is read once, in
// its order, and told to the core. Whoever gives one has it read at once; the rest is looked for every few seconds.
import type { Logger } from '../../logger.ts'
import type { AgentOrder, AgentOrderStore, NewOrder } from '../../store/agent-orders.ts'
import { QUARANTINE_MS } from '../core/limits.ts'
import type { HubState } from '../core/state.ts'
import type { Happening } from './agent-listener.ts'
import { GATEWAY_LIMITS } from './limits.ts'

export interface OrderWatchOptions {
  readonly store: Pick<AgentOrderStore, 'agentOrders' | 'orderAgent'>
  readonly logger: Logger
  readonly state: Pick<HubState, 'agents' | 'lastOrder'>
  raise(order: Extract<Happening, { type: 'agent-ordered' }>): void
}

export class OrderWatch {
  readonly #options: OrderWatchOptions
  readonly #timer: ReturnType<typeof setInterval>
  #reading: Promise<void> = Promise.resolve()

  constructor(options: OrderWatchOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.#look(), GATEWAY_LIMITS.orderLookMs).unref()
  }

  /** False where it changes nothing; durable and told to the core when it resolves. */
  async give(order: Omit<NewOrder, 'atMs'>): Promise<boolean> {
    const isNew = await this.#options.store.orderAgent({ ...order, atMs: Date.now() }, QUARANTINE_MS)
    await this.read()
    return isNew
  }

  /** Resolves when all that is durable by now has been told; rejects as the store does. */
  read(): Promise<void> {
    // Behind one that is under way, which may have begun too early.
    const read = this.#reading.catch(() => undefined).then(() => this.#readOn())
    this.#reading = read
    return read
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    // Nobody is here whom an order could concern.
    if (this.#options.state.agents.size === 0) return
    try {
      await this.read()
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the orders about agents could not be looked at')
    }
  }

  async #readOn(): Promise<void> {
    const { store, state, raise } = this.#options
    for (;;) {
      const orders = await store.agentOrders(state.lastOrder)
      if (orders.length === 0) return
      for (const order of orders) raise(heard(order))
    }
  }
}

const heard = ({ atMs, ...order }: AgentOrder) =>
  ({ type: 'agent-ordered', ...order, atMs: atMs + performance.now() - Date.now() }) as const
