// What every store must do for KV: values with versions, conditions, ends and quotas, each project for itself.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { expect, test } from 'vitest'
import type { KvWrite, MemoryQuota } from './memory.ts'
import { NO_QUOTA } from './store.fixtures.ts'
import type { Store } from './store.ts'

export interface KvTool {
  store(): Store
  sql(text: string): Promise<unknown>
  otherProject(): Promise<ProjectId>
}

const NOW = 1_790_000_000_000
const free = NO_QUOTA
const all = { after: null, limit: 100 }
const aWrite = (key: string, change: Partial<KvWrite> = {}): KvWrite => {
  return { key, value: '1', expiresAtMs: null, condition: { kind: 'always' }, ...change }
}

export function testKv({ store, sql, otherProject }: KvTool): void {
  const put = (project: ProjectId, writes: readonly KvWrite[], quota = free, nowMs = NOW) =>
    store().putKv(project, 'ns', writes, quota, nowMs)
  const keysOf = async (project: ProjectId, prefix = '', page: { after: string | null; limit: number } = all) =>
    (await store().kvOf(project, 'ns', prefix, page, NOW)).map(({ key }) => key)
  /** The counts are those of the rows. */
  const usage = async (project: ProjectId) => {
    const counted = await store().memoryUsage(project)
    const rows = await store().kvOf(project, 'ns', '', { after: null, limit: 10_000 }, 0)
    const { length } = rows
    expect({ kvKeys: counted.kvKeys, kvBytes: counted.kvBytes }).toEqual({
      kvKeys: length,
      kvBytes: rows.reduce((sum, { bytes }) => sum + bytes, 0),
    })
    return { kvKeys: counted.kvKeys, kvBytes: counted.kvBytes }
  }

  test('namespaces that hold something are listed with how much, a page at a time', async () => {
    const [own, other] = [await otherProject(), await otherProject()]
    const write = (namespace: string, writes: readonly KvWrite[]) => store().putKv(own, namespace, writes, free, NOW)
    const listed = (after: string | null = null, limit = 9) => store().kvNamespaces(own, { after, limit }, NOW)
    expect(await listed()).toEqual([])
    await write('b', [aWrite('1'), aWrite('2')])
    await write('a', [aWrite('1'), aWrite('gone', { expiresAtMs: NOW })])
    await write('B', [aWrite('1')])
    await write('over', [aWrite('gone', { expiresAtMs: NOW })])
    await store().putKv(other, 'foreign', [aWrite('1')], free, NOW)
    const these = [
      { namespace: 'B', keys: 1 },
      { namespace: 'a', keys: 1 },
      { namespace: 'b', keys: 2 },
    ]
    expect(await listed()).toEqual(these)
    expect(await listed(null, 1)).toEqual(these.slice(0, 1))
    expect(await listed('B', 1)).toEqual(these.slice(1, 2))
  })

  test('a value comes back with a version that only rises, also over a deletion', async () => {
    const [own, other] = [await otherProject(), await otherProject()]
    const first = await put(own, [aWrite('ü/𝄞', { value: '{"a":"ü"}', expiresAtMs: NOW + 5 })])
    const entry = {
      namespace: 'ns',
      key: 'ü/𝄞',
      value: '{"a":"ü"}',
      bytes: 2 + 7 + 10,
      version: 1,
      createdAtMs: NOW,
      updatedAtMs: NOW,
      expiresAtMs: NOW + 5,
    }
    expect(first).toEqual({ status: 'written', entries: [entry] })
    expect(await store().kv(own, 'ns', ['ü/𝄞', 'none'], NOW)).toEqual([entry])
    expect(await store().kv(own, 'other', ['ü/𝄞'], NOW)).toEqual([])
    expect(await store().kv(other, 'ns', ['ü/𝄞'], NOW)).toEqual([])
    expect(await put(own, [aWrite('ü/𝄞')], free, NOW + 1)).toMatchObject({
      entries: [{ version: 2, createdAtMs: NOW, updatedAtMs: NOW + 1, expiresAtMs: null }],
    })
    expect(await store().deleteKv(other, 'ns', 'ü/𝄞', { kind: 'always' }, NOW)).toBe('absent')
    expect(await store().deleteKv(own, 'ns', 'ü/𝄞', { kind: 'always' }, NOW)).toBe('deleted')
    expect(await store().deleteKv(own, 'ns', 'ü/𝄞', { kind: 'always' }, NOW)).toBe('absent')
    expect(await usage(own)).toEqual({ kvKeys: 0, kvBytes: 0 })
    expect(await put(own, [aWrite('ü/𝄞')])).toMatchObject({ entries: [{ version: 3 }] })
  })

  test('a write that keeps the expiry takes it from what is there, and has none where nothing is', async () => {
    const own = await otherProject()
    const end = NOW + 50
    await put(own, [aWrite('kept', { expiresAtMs: end }), aWrite('for ever')])
    const keep = { expiresAtMs: 'keep' as const, value: '2' }
    const again = await put(
      own,
      ['kept', 'for ever', 'new one'].map((key) => aWrite(key, keep)),
      free,
      NOW + 1,
    )
    const expiries = 'entries' in again ? again.entries.map(({ expiresAtMs }) => expiresAtMs) : again
    expect(expiries).toEqual([end, null, null])
    const read = await store().kv(own, 'ns', ['kept'], NOW + 1)
    expect(read).toMatchObject([{ value: '2', expiresAtMs: end }])
    // What has expired is not there.
    expect(await put(own, [aWrite('kept', keep)], free, end)).toMatchObject({ entries: [{ expiresAtMs: null }] })
  })

  test('conditions hold of what is there, and one that does not stops all', async () => {
    const own = await otherProject()
    const version = (...versions: number[]) => ({ kind: 'version', versions }) as const
    expect(await put(own, [aWrite('a', { condition: version(1) })])).toEqual({ status: 'conflict', keys: ['a'] })
    expect(await put(own, [aWrite('a', { condition: { kind: 'exists' } })])).toMatchObject({ status: 'conflict' })
    expect(await put(own, [aWrite('a', { condition: { kind: 'absent' } })])).toMatchObject({ status: 'written' })
    expect(await put(own, [aWrite('a', { condition: { kind: 'absent' } })])).toMatchObject({ status: 'conflict' })
    const two = [aWrite('b'), aWrite('a', { condition: version(7) }), aWrite('c', { condition: version(1) })]
    expect(await put(own, two)).toEqual({ status: 'conflict', keys: ['a', 'c'] })
    expect(await keysOf(own)).toEqual(['a'])
    expect(await put(own, [aWrite('b'), aWrite('a', { condition: version(9, 1) })])).toMatchObject({
      entries: [{ version: 2 }, { version: 3 }],
    })
    expect(await store().deleteKv(own, 'ns', 'a', version(2), NOW)).toBe('conflict')
    expect(await store().deleteKv(own, 'ns', 'a', version(3), NOW)).toBe('deleted')
    // Of many that read the same version, one writes.
    const race = Array.from({ length: 6 }, (_, i) => put(own, [aWrite('b', { value: `${i}`, condition: version(2) })]))
    expect((await Promise.all(race)).filter(({ status }) => status === 'written')).toHaveLength(1)
    await usage(own)
  })

  test('lists go by prefix in the order of bytes, page by page', async () => {
    const own = await otherProject()
    const names = ['a', 'a%', 'a/1', 'a/10', 'a/2', 'aB', 'a_', 'ab', 'ä', 'b', 'a\u{1F600}']
    await put(
      own,
      names.map((name) => aWrite(name)),
    )
    const inOrder = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(await keysOf(own)).toEqual(inOrder)
    expect(await keysOf(own, 'a')).toEqual(inOrder.filter((name) => name.startsWith('a')))
    expect(await keysOf(own, 'a/')).toEqual(['a/1', 'a/10', 'a/2'])
    expect(await keysOf(own, 'a%')).toEqual(['a%'])
    expect(await keysOf(own, 'a/', { after: 'a/1', limit: 1 })).toEqual(['a/10'])
    expect(await keysOf(own, 'zzz')).toEqual([])
  })

  test('what has expired is not there, counts until it is swept, and makes room when room is short', async () => {
    const own = await otherProject()
    await put(own, [
      aWrite('short', { expiresAtMs: NOW + 10 }),
      aWrite('long'),
      aWrite('next', { expiresAtMs: NOW + 20 }),
    ])
    const at = NOW + 10
    expect(await store().kv(own, 'ns', ['short'], at - 1)).toHaveLength(1)
    expect(await store().kv(own, 'ns', ['short'], at)).toEqual([])
    expect(await store().deleteKv(own, 'ns', 'short', { kind: 'always' }, at)).toBe('absent')
    expect((await usage(own)).kvKeys).toBe(3)
    // Written anew it is a new one, and the old row's room is its own.
    expect(
      await put(own, [aWrite('short', { condition: { kind: 'absent' } })], { ...free, kvKeys: 3 }, at),
    ).toMatchObject({
      entries: [{ createdAtMs: at }],
    })
    expect(await put(own, [aWrite('more')], { ...free, kvKeys: 3 }, at)).toMatchObject({ status: 'over-quota' })
    expect(await put(own, [aWrite('more')], { ...free, kvKeys: 3 }, NOW + 20)).toMatchObject({ status: 'written' })
    expect((await usage(own)).kvKeys).toBe(3)

    await put(own, [aWrite('gone', { expiresAtMs: NOW + 30 })], free, NOW + 21)
    expect(await store().nextExpiry()).toBeLessThanOrEqual(NOW + 30)
    while (await store().sweepMemory(NOW + 30)) continue
    expect((await usage(own)).kvKeys).toBe(3)
    expect(await keysOf(own)).toEqual(['long', 'more', 'short'])
  })

  test('quotas name what is short, let less be written always, and hold in a race', async () => {
    const own = await otherProject()
    const tight: MemoryQuota = { ...free, kvKeys: 2, kvBytes: 12 }
    expect(await put(own, [aWrite('a', { value: '1'.repeat(10) })], tight)).toEqual({
      status: 'over-quota',
      limit: 'kvBytes',
      most: 12,
      wanted: 13,
    })
    const many = Array.from({ length: 5 }, (_, i) => put(own, [aWrite(`k${i}`)], tight))
    expect((await Promise.all(many)).filter(({ status }) => status === 'written')).toHaveLength(2)
    expect(await put(own, [aWrite('x')], tight)).toMatchObject({ limit: 'kvKeys', most: 2, wanted: 3 })
    const [first = ''] = await keysOf(own)
    // The operator lowered the limit: what is there may still become smaller.
    expect(await put(own, [aWrite(first, { value: '2' })], { ...free, kvKeys: 0, kvBytes: 1 })).toMatchObject({
      status: 'written',
    })
    await usage(own)
  })

  test('the sweep looks at each project, in bounded batches', async () => {
    const own = await otherProject()
    const batch = Array.from({ length: 100 }, (_, i) => aWrite(`k${i}`, { expiresAtMs: NOW + 40 }))
    for (let i = 0; i < 6; i++)
      await put(
        own,
        batch.map((write) => ({ ...write, key: `${i}-${write.key}` })),
      )
    expect(await store().sweepMemory(NOW + 40)).toBe(true)
    expect((await store().memoryUsage(own)).kvKeys).toBe(100)
    expect(await store().sweepMemory(NOW + 40)).toBe(false)
    expect(await usage(own)).toEqual({ kvKeys: 0, kvBytes: 0 })
    expect(await sql(`select 1 from kv_entries where project_id = '${own}'`)).toHaveLength(0)
  })
}
