// All guards of the Hub's core. A simulator that never caught a planted fault proves nothing, so each is removed in turn, and
// some seed must fail.
import type { Guard } from './guard.ts'
import { DISPATCH_GUARDS } from './guards-dispatch.ts'
import { ORDER_GUARDS } from './guards-orders.ts'
import { VERIFICATION_GUARDS } from './guards-verification.ts'

export const GUARDS: readonly Guard[] = [...DISPATCH_GUARDS, ...VERIFICATION_GUARDS, ...ORDER_GUARDS]
