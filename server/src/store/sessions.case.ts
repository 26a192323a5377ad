// What every store must do for sessions of HQ: kept as digests, found by them, forgotten when they have ended.
import { ulid } from 'ulid'
import { expect, test } from 'vitest'
import { OPERATOR_CHAIN } from './acts.ts'
import type { SessionRow } from './session-store.ts'
import { digestOf } from './store.fixtures.ts'
import type { Store } from './store.ts'

const BY = { chain: OPERATOR_CHAIN, actor: 'operator' } as const

export function testSessions({ store }: { store(): Store }): void {
  const aSession = (change: Partial<SessionRow> = {}): SessionRow => ({
    hash: digestOf(ulid()),
    keyHash: digestOf(ulid()),
    createdAtMs: 7,
    expiresAtMs: 100,
    ...change,
  })

  test('a session is found by its hash until it is deleted, also when the same one is written twice', async () => {
    const one = aSession()
    await store().insertSession(one, 2, BY)
    await store().insertSession(one, 2, BY)
    expect(await store().session(one.hash)).toEqual(one)
    expect(await store().session(one.keyHash)).toBeNull()
    await store().deleteSession(one.hash)
    await store().deleteSession(one.hash)
    expect(await store().session(one.hash)).toBeNull()
  })

  test('a new one forgets what has expired, and the oldest of its own key beyond the most', async () => {
    const keyHash = digestOf(ulid())
    const own = [1, 2, 3].map((createdAtMs) => aSession({ keyHash, createdAtMs }))
    const [other, late] = [aSession({ createdAtMs: 0 }), aSession({ createdAtMs: 100 })]
    await store().insertSession(other, 2, BY)
    for (const one of own) await store().insertSession(one, 2, BY)
    const held = () => Promise.all([...own, other].map(async ({ hash }) => (await store().session(hash)) !== null))
    expect(await held()).toEqual([false, true, true, true])
    await store().insertSession({ ...late, expiresAtMs: 200 }, 2, BY)
    expect(await held()).toEqual([false, false, false, false])
    expect(await store().session(late.hash)).not.toBeNull()
  })
}
