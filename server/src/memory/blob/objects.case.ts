// What every object store must do, wherever the bytes lie.
import { ulid } from 'ulid'
import { expect, test } from 'vitest'
import type { ByteRange, ObjectStore } from './object-store.ts'

export function testObjects(objects: () => ObjectStore): void {
  const read = async (id: string, range?: ByteRange): Promise<Uint8Array> => {
    const parts: Uint8Array[] = []
    for await (const chunk of objects().read(id, range)) parts.push(chunk)
    return Buffer.concat(parts)
  }
  async function* chunks(...parts: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
    yield* parts
  }

  test('bytes come back as they went in, whole or in part', async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) & 0xff)
    const id = ulid()
    await objects().put(id, chunks(bytes.subarray(0, 1), bytes.subarray(1, 200_000), bytes.subarray(200_000)))
    expect(Buffer.compare(await read(id), bytes)).toBe(0)
    expect([...(await read(id, { first: 1, last: 1 }))]).toEqual([31])
    expect([...(await read(id, { first: 0, last: 2 }))]).toEqual([0, 31, 62])
    expect(Buffer.compare(await read(id, { first: 65_535, last: 250_000 }), bytes.subarray(65_535, 250_001))).toBe(0)
    const empty = ulid()
    await objects().put(empty, chunks())
    expect(await read(empty)).toHaveLength(0)
  })

  test('what broke off is not there', async () => {
    const id = ulid()
    async function* broken(): AsyncIterable<Uint8Array> {
      yield new Uint8Array(10)
      throw new Error('the cable')
    }
    await expect(objects().put(id, broken())).rejects.toThrow('the cable')
    await expect(read(id)).rejects.toThrow()
  })

  test('what is removed is gone, and removing it again does nothing', async () => {
    const id = ulid()
    await objects().put(id, chunks(new Uint8Array(3)))
    await objects().remove(id)
    await objects().remove(id)
    await expect(read(id)).rejects.toThrow()
  })
}
