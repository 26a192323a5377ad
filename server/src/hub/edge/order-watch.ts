// What is decided of identities beside this server's own core, as it becomes durable: orders about agents, by this server or
// another one on the same database, and exposures that another one found. Each is told to the core. Whoever gives an order
// has it read at once; the rest is looked for every few seconds, also while nobody is here: the next one may be banned.
import type { Logger } from '../../logger.ts'
import type { AgentOrder, AgentOrderStore, NewOrder } from '../../store/agent-orders.ts'
import type { QuarantinedIdentity } from '../../store/store.ts'
import { AWAY_TERMS } from '../core/limits.ts'
import type { HubState } from '../core/state.ts'
import type { Happening } from './agent-listener.ts'
import { GATEWAY_LIMITS } from './limits.ts'
import { toCore } from './open-state.ts'

export interface OrderWatchOptions {
  readonly store: Pick<AgentOrderStore, 'agentOrders' | 'orderAgent' | 'exposuresAfter'>
  readonly logger: Logger
  readonly state: Pick<HubState, 'lastOrder' | 'quarantines'>
  /** The operator's last act whose exposures the core knows from its start. */
  readonly lastAct: number
  raise(happening: Extract<Happening, { type: 'agent-ordered' | 'exposures-known' }>): void
  /** Finished jobs of this server may rest on its word that the other server saw unfinished. */
  exposedElsewhere(exposed: Pick<QuarantinedIdentity, 'identity' | 'lastAtMs'>): void
}

export class OrderWatch {
  readonly #options: OrderWatchOptions
  readonly #timer: ReturnType<typeof setInterval>
  #lastAct: number
  #reading: Promise<void> = Promise.resolve()
  /** It waits for `#reading`. */
  #next: Promise<void> | null = null
  #isLooking = false
  #isClosed = false

  constructor(options: OrderWatchOptions) {
    this.#options = options
    this.#lastAct = options.lastAct
    this.#timer = setInterval(() => void this.#look(), GATEWAY_LIMITS.orderLookMs).unref()
  }

  /** False where it changes nothing; durable and told to the core when it resolves. */
  async give(order: Omit<NewOrder, 'atMs'>): Promise<boolean> {
    const isNew = await this.#options.store.orderAgent({ ...order, atMs: Date.now() }, AWAY_TERMS)
    await this.read()
    return isNew
  }

  /** Resolves when all that is durable by now has been told; rejects as the store does. */
  read(): Promise<void> {
    if (this.#next !== null) return this.#next
    // Behind one that is under way, which may have begun too early; all who ask meanwhile share it.
    const next = this.#reading
      .catch(() => undefined)
      .then(() => {
        this.#next = null
        return this.#readOn()
      })
    this.#next = next
    this.#reading = next
    return next
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    // While the store does not answer, one look waits for it and no more.
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      await this.read()
    } catch (error) {
      if (!this.#isClosed) this.#options.logger.warn({ err: error }, 'what others decided of agents could not be read')
    } finally {
      this.#isLooking = false
    }
  }

  async #readOn(): Promise<void> {
    const { store, state, raise } = this.#options
    for (;;) {
      const orders = await store.agentOrders(state.lastOrder)
      // Behind them, and told before them: no order is then heard without the exposure that it is about.
      await this.#readExposures()
      if (orders.length === 0 || this.#isClosed) return
      for (const order of orders) raise(heard(order))
    }
  }

  async #readExposures(): Promise<void> {
    const { store, state, raise, exposedElsewhere } = this.#options
    for (;;) {
      const { through, known } = await store.exposuresAfter(this.#lastAct)
      if (this.#isClosed) return
      for (const one of known) {
        const { identity, exposures, released } = one
        const isNew = exposures > (state.quarantines.get(identity)?.exposures ?? 0)
        raise({ type: 'exposures-known', ...toCore(one) })
        if (isNew && !released) exposedElsewhere(one)
      }
      if (through === this.#lastAct) return
      this.#lastAct = through
    }
  }
}

const heard = ({ atMs, ...order }: AgentOrder) =>
  ({ type: 'agent-ordered', ...order, atMs: atMs + performance.now() - Date.now() }) as const
