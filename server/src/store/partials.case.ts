// How stored partials come back, of every store: in order, in batches that end by number and by bytes, and never with a gap.
import type { JobId } from '@forge/shared/contract/ids.ts'
import { expect, test } from 'vitest'
import { STORE_LIMITS } from './limits.ts'
import type { Store } from './store.ts'
import { accepted, acceptedOf, aPartial, collected, digestOf, noWrites } from './store.fixtures.ts'

/** `isLarge`: what takes megabytes as well. */
export function testPartials(store: () => Store, inserted: () => Promise<JobId>, isLarge: boolean): void {
  test('accepted partials come in shard order over many batches, and only those with the accepted digest', async () => {
    const id = await inserted()
    const shards = Array.from({ length: 600 }, (_, i) => (i * 7919) % 600)
    await store().writeShards({
      ...accepted(id, shards),
      partials: [
        ...accepted(id, shards).partials,
        { ...aPartial(id, 3, Uint8Array.of(66)), digest: digestOf('not accepted') },
        aPartial(id, 601),
      ],
    })
    const rows = await acceptedOf(store(), id)
    expect(rows.map((row) => row.shard)).toEqual(Array.from({ length: 600 }, (_, i) => i))
    expect(rows[3]).toEqual(aPartial(id, 3))
    const first = store().acceptedPartials(id, 0, 600)[Symbol.asyncIterator]()
    expect((await first.next()).value?.shard).toBe(0)
    await first.return?.()
    const some = await acceptedOf(store(), id, 17, 300)
    expect(some.map((row) => row.shard)).toEqual(Array.from({ length: 283 }, (_, i) => 17 + i))
  })

  test('a verdict whose partial is missing is an error, not a gap', async () => {
    const id = await inserted()
    await store().writeShards({ ...accepted(id, [0, 1]), partials: [aPartial(id, 0)] })
    await expect(acceptedOf(store(), id)).rejects.toThrow(/no partial/)
  })

  if (!isLarge) return
  test('all partials of a range come, whether they count or not, also where one is as long as a batch', async () => {
    const id = await inserted()
    const long = new Uint8Array(STORE_LIMITS.bytesPerBatchMax).fill(7)
    const partials = [
      ...Array.from({ length: 300 }, (_, shard) => aPartial(id, shard)),
      { ...aPartial(id, 3, Uint8Array.of(66)), digest: digestOf('not accepted') },
      ...[300, 301, 303].map((shard) => aPartial(id, shard, long)),
    ]
    for (const partial of partials) await store().writeShards({ ...noWrites, partials: [partial] })
    const rows = await collected(store().partials(id, 2, 303))
    const shards = [...Array.from({ length: 300 }, (_, i) => i + 2), 3].toSorted((a, b) => a - b)
    expect(rows.map((row) => row.shard)).toEqual(shards)
    expect(new Set(rows.slice(1, 3).map(({ bytes }) => bytes[0]))).toEqual(new Set([3, 66]))
    expect(Buffer.compare(rows.at(-1)?.bytes ?? long.subarray(1), long)).toBe(0)
    expect(await collected(store().partials(id, 302, 303))).toEqual([])
  })
}
