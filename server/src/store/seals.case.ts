// Signed documents of every store: due with the end that makes them so, signed once, in the log once and in one order, and
// never changed; and the retention that takes a sealed job's partials and nothing else.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { expect, test } from 'vitest'
import { STORE_LIMITS } from './limits.ts'
import type { SealItem } from './seal-store.ts'
import type { Store } from './store.ts'
import { accepted, aJob, aSubmission, aVerdict, complete, digestOf, identityOf } from './store.fixtures.ts'

export interface SealTool {
  store(): Store
  sql(text: string): Promise<unknown>
  freshProject(): Promise<ProjectId>
}

const receiptOf = (jobId: JobId): SealItem => ({ jobId, kind: 'receipt', number: 0 })
const sealed = (item: SealItem, text: string = item.jobId) => ({
  ...item,
  digest: digestOf(text),
  document: `"${text}"`,
})

/** `isLarge`: what takes thousands of rows as well. */
export function testSeals({ store, sql, freshProject }: SealTool, isLarge: boolean): void {
  const ended = async (projectId: ProjectId): Promise<JobId> => {
    const job = aJob(projectId)
    await store().insertJob(job)
    await complete(store(), job.id, accepted(job.id, [0, 1]))
    return job.id
  }
  const links = (items: readonly SealItem[], projectId: ProjectId) =>
    store().appendToLog(items, projectId, ({ jobId, kind }, head) => ({
      digest: digestOf(`link ${(head?.place ?? -1) + 1} ${jobId} ${kind}`),
      document: '{}',
    }))
  const link = (item: SealItem, projectId: ProjectId) => links([item], projectId).then(([place]) => place)
  const isWaiting = async ({ jobId, kind, number }: SealItem): Promise<boolean> => {
    for (let skipped = 0; ;) {
      const items = await store().unsealed(skipped)
      if (items.some((item) => item.jobId === jobId && item.kind === kind && item.number === number)) return true
      if (items.length === 0) return false
      skipped += items.length
    }
  }

  test('an end waits for its signature from its own transaction on, until it is in the log', async () => {
    const project = await freshProject()
    const running = aJob(project)
    await store().insertJob(running)
    expect(await isWaiting(receiptOf(running.id))).toBe(false)
    const id = await ended(project)
    const item = receiptOf(id)
    expect(await isWaiting(item)).toBe(true)
    expect(await store().sealOf(item)).toBeNull()
    const first = await store().putSeal(sealed(item))
    expect(first).toEqual(sealed(item))
    expect(await store().putSeal(sealed(item, 'another'))).toEqual(first)
    expect(await isWaiting(item)).toBe(true)
    expect(await store().logOf(item)).toBeNull()
    const place = await link(item, project)
    expect(await isWaiting(item)).toBe(false)
    expect(await link(item, project)).toEqual(place)
    expect(await store().logOf(item)).toEqual(place)
  })

  test('several come into the log at once, in their order, and those that are there keep their places', async () => {
    const project = await freshProject()
    const items: SealItem[] = []
    for (let i = 0; i < 4; i++) items.push(receiptOf(await ended(project)))
    for (const item of items) await store().putSeal(sealed(item))
    const [first, second, third, fourth] = items as [SealItem, SealItem, SealItem, SealItem]
    await link(second, project)
    const placed = await links([fourth, second, first, fourth], project)
    expect(placed.map(({ jobId, place }) => [jobId, place])).toEqual([
      [fourth.jobId, 1],
      [second.jobId, 0],
      [first.jobId, 2],
      [fourth.jobId, 1],
    ])
    const log = await store().receiptLog(project, 0)
    expect(log.map(({ place, jobId }) => [place, jobId])).toEqual([
      [0, second.jobId],
      [1, fourth.jobId],
      [2, first.jobId],
    ])
    expect(log.map(({ previous }) => previous)).toEqual([null, log[0]?.digest, log[1]?.digest])
    expect(await Promise.all(items.map(isWaiting))).toEqual([false, false, true, false])
    expect(await links([], project)).toEqual([])
    await link(third, project)
  })

  test('a notice waits too', async () => {
    const project = await freshProject()
    const job = aJob(project)
    await store().insertJob(job)
    const liar = identityOf(`liar ${job.id}`)
    await complete(store(), job.id, {
      ...accepted(job.id, [0]),
      submissions: [aSubmission(job.id, 0, { executor: liar })],
    })
    await store().noticeFinished(liar, 'it lied', 7)
    expect(await isWaiting({ jobId: job.id, kind: 'notice', number: 0 })).toBe(true)
  })

  test('a project’s log is one chain, however many append at once; each project has its own', async () => {
    const [project, other] = [await freshProject(), await freshProject()]
    const jobs = await Promise.all(Array.from({ length: 8 }, () => ended(project)))
    const foreign = await ended(other)
    await Promise.all(
      [...jobs, ...jobs].map((id) => link(receiptOf(id), project)).concat(link(receiptOf(foreign), other)),
    )
    const rows = await store().receiptLog(project, 0)
    expect(rows.map(({ place }) => place)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(new Set(rows.map(({ jobId }) => jobId))).toEqual(new Set(jobs))
    rows.forEach(({ previous }, place) => expect(previous).toBe(rows[place - 1]?.digest ?? null))
    expect(await store().receiptLog(project, 6)).toEqual(rows.slice(6))
    expect(await store().receiptLog(other, 0)).toMatchObject([{ place: 0, jobId: foreign, previous: null }])
  })

  test('a signing period begins with another key, and not with the same one', async () => {
    const before = (await store().signingPeriods()).length
    const key = (name: string) => ({ keyId: name, publicKey: name })
    const first = await store().beginSigning(key('a'), 1_000)
    expect(await store().beginSigning(key('a'), 2_000)).toEqual(first)
    await Promise.all([store().beginSigning(key('b'), 500), store().beginSigning(key('b'), 600)])
    const periods = (await store().beginSigning(key('a'), 5_000)).slice(before)
    expect(periods.map(({ keyId }) => keyId)).toEqual(['a', 'b', 'a'])
    // Also where a clock was set back they follow each other.
    expect(periods.map(({ fromMs }) => fromMs)).toEqual(periods.map(({ fromMs }) => fromMs).toSorted((a, b) => a - b))
    expect(await store().signingPeriods()).toHaveLength(before + 3)
  })

  test('a signing period begins no earlier than what is signed, should the clock have been set back', async () => {
    const project = await freshProject()
    const key = (name: string) => ({ keyId: `${name} ${project}`, publicKey: name })
    const issuedAt = (issuedAtMs: number): string => JSON.stringify({ body: { issued_at_ms: issuedAtMs } })
    const before = (await store().beginSigning(key('first'), 1)).at(-1)?.fromMs ?? 0
    const [receipt, linked] = [receiptOf(await ended(project)), receiptOf(await ended(project))]
    await store().putSeal({ ...sealed(receipt), document: issuedAt(before + 500) })
    expect((await store().beginSigning(key('second'), 1)).at(-1)?.fromMs).toBe(before + 500)
    await store().putSeal({ ...sealed(linked), document: issuedAt(before + 600) })
    await store().appendToLog([linked], project, () => ({
      digest: digestOf(project),
      document: issuedAt(before + 700),
    }))
    expect((await store().beginSigning(key('third'), 1)).at(-1)?.fromMs).toBe(before + 700)
    expect((await store().beginSigning(key('fourth'), before + 900)).at(-1)?.fromMs).toBe(before + 900)
  })

  const bytesOf = async (id: JobId): Promise<number> => {
    let bytes = 0
    for await (const partial of store().acceptedPartials(id, 0, 9)) bytes += partial.bytes.length
    expect(bytes).toBeGreaterThan(0)
    return bytes
  }

  test('retention takes the partials of sealed jobs that ended before, once, and nothing else', async () => {
    const project = await freshProject()
    const [old, unsigned] = [await ended(project), await ended(project)]
    await store().putSeal(sealed(receiptOf(old)))
    expect(await store().dropPartials(1_790_000_000_009, 77)).not.toContain(old)
    expect(await store().acceptedBytes(old)).toBe(await bytesOf(old))
    const dropped: JobId[] = []
    for (let ids = await store().dropPartials(1_790_000_000_010, 77); ids.length > 0;) {
      dropped.push(...ids)
      ids = await store().dropPartials(1_790_000_000_010, 77)
    }
    expect(dropped).toContain(old)
    expect(dropped).not.toContain(unsigned)
    expect(await store().droppedAt(old)).toBe(77)
    expect(await store().droppedAt(unsigned)).toBeNull()
    const left = async (id: JobId): Promise<number> => {
      let count = 0
      for await (const _ of store().partials(id, 0, 9)) count++
      return count
    }
    expect([await left(old), await left(unsigned)]).toEqual([0, 2])
    expect(await store().acceptedBytes(old)).toBe(0)
    expect(await store().verdicts(old)).toHaveLength(2)
  })

  test('networks of ended jobs are forgotten, but not which answers came from one', async () => {
    const project = await freshProject()
    const [home, other] = ['192.0.2.0/24', '198.51.100.0/24']
    const from = (id: JobId, network: string) => (shard: number) =>
      aSubmission(id, shard, { network, executor: identityOf(`${network} ${shard}`) })
    const [job, running] = [aJob(project), aJob(project)]
    for (const { id } of [job, running]) {
      await store().insertJob({ ...(id === job.id ? job : running) })
      const submissions = [...[0, 1, 2].map(from(id, home)), ...[3, 4].map(from(id, other))]
      const writes = { ...accepted(id, [0, 1, 2, 3, 4]), submissions }
      if (id === job.id) await complete(store(), id, writes)
      else await store().writeShards(writes)
    }
    expect(await store().forgetNetworks(1_790_000_000_009, 77)).not.toContain(job.id)
    const before = await store().submissions(job.id)
    const forgotten: JobId[] = []
    for (let ids = await store().forgetNetworks(1_790_000_000_010, 77); ids.length > 0;) {
      forgotten.push(...ids)
      ids = await store().forgetNetworks(1_790_000_000_010, 77)
    }
    expect(forgotten).toContain(job.id)
    expect(forgotten).not.toContain(running.id)
    const after = await store().submissions(job.id)
    const groups = after.map(({ network }) => network)
    expect(new Set(groups)).toEqual(new Set(['forgotten 1', 'forgotten 2']))
    const isHome = before.map(({ network }) => network === home)
    expect(groups.map((network) => network === groups[0])).toEqual(isHome.map((is) => is === isHome[0]))
    expect(after.map((row) => ({ ...row, network: '' }))).toEqual(before.map((row) => ({ ...row, network: '' })))
    expect((await store().submissions(running.id)).map(({ network }) => network)).toContain(home)
    for (const [change, id] of [
      ["network = 'forgotten 3'", job.id],
      ["network = '192.0.2.0/24'", job.id],
      ["network = 'forgotten 1'", running.id],
      ["network = 'forgotten 1', tier = 'trusted'", running.id],
    ]) {
      await expect(sql(`update submissions set ${change} where job_id = '${id}'`), change).rejects.toThrow(
        /never changed/,
      )
    }
    await expect(sql(`delete from forgotten_networks where job_id = '${job.id}'`)).rejects.toThrow(/never changed/)
    await expect(sql('truncate forgotten_networks')).rejects.toThrow(/never truncated/)
  })

  test('what is signed is neither updated nor deleted nor truncated', async () => {
    const project = await freshProject()
    const id = await ended(project)
    await store().putSeal(sealed(receiptOf(id)))
    await link(receiptOf(id), project)
    await store().dropPartials(1_790_000_000_010, 77)
    await store().beginSigning({ keyId: id, publicKey: id }, 1)
    for (const [table, column] of [
      ['seals', 'document'],
      ['receipt_log', 'document'],
      ['retentions', 'at_ms'],
      ['signing_periods', 'from_ms'],
    ]) {
      await expect(sql(`update ${table} set ${column} = ${column}`), table).rejects.toThrow(/never changed/)
      await expect(sql(`delete from ${table}`), table).rejects.toThrow(/never changed/)
      await expect(sql(`truncate ${table} cascade`), table).rejects.toThrow(/never truncated/)
    }
  })

  if (!isLarge) return
  test('jobs of many shards are taken from a few at a time, so that no statement runs into its timeout', async () => {
    const project = await freshProject()
    const large: JobId[] = []
    const many = Math.ceil(STORE_LIMITS.rowsPerRetentionBatch / 2) + 1
    for (let i = 0; i < 3; i++) {
      const job = aJob(project)
      large.push(job.id)
      await store().insertJob(job)
      await store().writeShards({ ...accepted(job.id, [0]), verdicts: [] })
      for (const [table, columns] of [
        ['partials', 'digest, bytes'],
        ['submissions', 'executor, role, engine, trusted, tier, network, owner, distinct_network, digest'],
      ]) {
        await sql(`insert into ${table} (job_id, shard, ${columns})
          select job_id, number, ${columns} from ${table}, generate_series(1, ${many - 1}) as number
          where job_id = '${job.id}'`)
      }
      await complete(store(), job.id, { ...accepted(job.id, []), verdicts: [aVerdict(job.id, 0)] })
      await store().putSeal(sealed(receiptOf(job.id)))
    }
    for (const take of [store().dropPartials, store().forgetNetworks]) {
      const batches: JobId[][] = []
      for (let ids = await take(1_790_000_000_010, 77); ids.length > 0; ids = await take(1_790_000_000_010, 77)) {
        batches.push(ids.filter((id) => large.includes(id)))
      }
      expect(batches.flat().toSorted()).toEqual(large.toSorted())
      expect(Math.max(...batches.map((ids) => ids.length))).toBe(1)
    }
    expect(await store().acceptedBytes(large[0] ?? ('' as JobId))).toBe(0)
    const networks = new Set((await store().submissions(large[0] ?? ('' as JobId))).map(({ network }) => network))
    expect([...networks]).toEqual(['forgotten 1'])
  })
}
