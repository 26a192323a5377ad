// The guards of what is decided of identities beside this Hub's own core: the operator's orders, and other servers' exposures.
import { guardIn, type Guard } from './guard.ts'

const ORDERS: readonly Guard[] = [
  guardIn('orders.ts', 'an order keeps its identity away', '      state.quarantined.add(identity)\n'),
  guardIn('orders.ts', 'a ban is for good', `kind === 'ban' ? Infinity : Math`, 'Math'),
  guardIn(
    'orders.ts',
    'an order counts toward no ban',
    '{ ...known, untilMs: longest, ordered: true }',
    '{ ...known, exposures: known.exposures + 1, untilMs: longest, ordered: true }',
  ),
  guardIn(
    'orders.ts',
    'an order takes back what its identity answered',
    '[...withdrawAndSettle(state, identity, () => ORDERED_AWAY), ...expelled(state, identity, message)]',
    'expelled(state, identity, message)',
  ),
  guardIn('orders.ts', 'an order ends a trial under way', '    agent.trialsLeft = 0\n'),
  guardIn(
    'orders.ts',
    'an order closes who is in its trial',
    '  if (wasAway) return expelled',
    '  if (wasAway) return []\n  if (false) return expelled',
  ),
  guardIn(
    'orders.ts',
    'a release forgives nothing later',
    'if (known.exposedUntilMs !== undefined && exposedMs > atMs) state.quarantines.set(identity, withoutOrder(known))\n      else ',
    '',
  ),
  guardIn(
    'orders.ts',
    'a requalification elsewhere is one here',
    '      if (known.exposedUntilMs === undefined) state.quarantined.delete(identity)\n',
  ),
  guardIn(
    'orders.ts',
    'a requalification elsewhere ends no later exposure',
    'if (known.exposedUntilMs === undefined) state.quarantined.delete(identity)',
    'state.quarantined.delete(identity)',
  ),
  guardIn(
    'trial.ts',
    'a trial ends no order that its server has not heard',
    'lastOrder: state.lastOrder',
    'lastOrder: Infinity',
  ),
  guardIn(
    'settle.ts',
    'a restart knows whose answers are void',
    '    shard.excluded.add(executor)\n    shard.networks',
    '    shard.networks',
  ),
]

const ELSEWHERE: readonly Guard[] = [
  guardIn('exposed-elsewhere.ts', 'an exposure elsewhere is one here', '    restoreQuarantine(state, known)\n'),
  guardIn(
    'exposed-elsewhere.ts',
    'an order goes on beside an exposure',
    'if (isOrdered && found !== undefined',
    'if (state.nowMs < 0 && isOrdered && found !== undefined',
  ),
  guardIn(
    'exposed-elsewhere.ts',
    'a release ends with the exposure that it did not know',
    '(isOver || before.untilMs > state.nowMs)',
    '(isOver || before.untilMs > -1)',
  ),
  guardIn(
    'exposed-elsewhere.ts',
    'an exposure elsewhere takes back what was answered here',
    'wasAway ? [] : withdrawAndSettle(state, identity, () => EXPOSED_ELSEWHERE)',
    '[]',
  ),
  guardIn(
    'exposed-elsewhere.ts',
    'an exposure elsewhere closes the sessions here',
    '[...withdrawn, ...expelled(state, identity, message)]',
    'message === "" ? [] : withdrawn',
  ),
  guardIn(
    'exposed-elsewhere.ts',
    'who came back elsewhere is back here',
    '  if (isOver && !isOrdered) state.quarantined.delete(identity)\n',
  ),
  guardIn('exposed-elsewhere.ts', 'the end of an exposure ends no order', 'if (isOver && !isOrdered)', 'if (isOver)'),
]

export const ORDER_GUARDS: readonly Guard[] = [...ORDERS, ...ELSEWHERE].map((guard) => ({
  ...guard,
  isOfDecisions: true,
}))
