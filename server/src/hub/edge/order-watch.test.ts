// How the watch reads on: nothing twice, exposures before the orders that may be about them, and one look at a time.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Identity } from '@forge/shared/contract/ids.ts'
import { createLogger } from '../../logger.ts'
import { GATEWAY_LIMITS } from './limits.ts'
import { OrderWatch, type OrderWatchOptions } from './order-watch.ts'

const one = 'one' as Identity
const order = { number: 1, identity: one, kind: 'release', reason: 'r', atMs: 5 } as const
const exposed = { identity: one, exposures: 1, lastAtMs: 1, previousAtMs: null, reason: 'r', released: false }

function watching(store: Partial<OrderWatchOptions['store']> = {}) {
  const told: string[] = []
  const state = { lastOrder: 0, quarantines: new Map() }
  const watch = new OrderWatch({
    store: {
      agentOrders: async (after) => (after < 1 ? [order] : []),
      exposuresAfter: async (after) => ({ through: 7, known: after < 7 ? [exposed] : [] }),
      orderAgent: async () => true,
      ...store,
    },
    logger: createLogger('silent'),
    state,
    lastAct: 6,
    raise(happening) {
      told.push(happening.type)
      if (happening.type === 'agent-ordered') state.lastOrder = happening.number
    },
    exposedElsewhere: ({ identity }) => told.push(`notices of ${identity}`),
  })
  return { watch, told }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('an exposure is told before the order that came behind it, each once', async () => {
  const { watch, told } = watching()
  await watch.read()
  await watch.read()
  expect(told).toEqual(['exposures-known', 'notices of one', 'agent-ordered'])
  watch.close()
})

test('while the store does not answer, looks do not pile up, and who asks meanwhile shares the next', async () => {
  let asked = 0
  let answer = (): void => undefined
  const { watch } = watching({
    agentOrders: () => {
      asked++
      return new Promise((resolve) => (answer = () => resolve([])))
    },
  })
  await vi.advanceTimersByTimeAsync(100 * GATEWAY_LIMITS.orderLookMs)
  expect(asked).toBe(1)
  const reads = [watch.read(), watch.read(), watch.give({ ...order, actor: 'operator' })]
  answer()
  await vi.waitFor(() => expect(asked).toBe(2))
  watch.close()
  answer()
  await Promise.all(reads)
  expect(asked).toBe(2)
})
