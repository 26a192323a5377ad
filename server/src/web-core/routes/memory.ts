// GET /api/v0/memory: what a project has in KV, blobs and VMem, beside what it may have.
import { z } from 'zod'
import { quotaOf } from '../../memory/quota.ts'
import type { MemoryQuota, MemoryUsage } from '../../store/memory.ts'
import { knownProject } from '../known-project.ts'
import { Refusal } from '../refusal.ts'
import { answered, route } from '../routing/route.ts'

const usedOf = (what: string) =>
  z.strictObject({ used: z.int(), limit: z.int().nullable().describe('null: there is none') }).describe(what)

const memorySchema = z.strictObject({
  kv: z.strictObject({
    keys: usedOf('what has expired and is not swept yet included'),
    bytes: usedOf('of namespaces, keys and values'),
  }),
  blob: z.strictObject({
    blobs: usedOf('that have a name'),
    bytes: usedOf('also of those that only jobs need'),
  }),
  vmem: z.strictObject({
    arrays: usedOf('versions that have a name'),
    bytes: usedOf('also of those that only jobs need'),
  }),
})

export const memoryRoute = route({
  method: 'GET',
  path: '/api/v0/memory',
  scope: 'memory:read',
  tag: 'memory',
  operationId: 'getMemoryUsage',
  summary: 'What memory is used',
  description:
    'KV, blobs and VMem of the project, each with its quota. A write beyond one is refused with `MEMORY_QUOTA_EXCEEDED`; the operator changes them.',
  responses: {
    200: {
      description: 'As it is now.',
      schema: z.strictObject({ ok: z.literal(true), memory: memorySchema }),
    },
  },
  problems: ['NOT_FOUND'],
  examples: [{ summary: 'What there is', status: 200 }],
  async handle({ caller }, { store }) {
    const project = await knownProject(store, caller.projectId)
    if (project instanceof Refusal) return project
    const usage = await store.memoryUsage(project.id)
    return answered(200, { ok: true, memory: memoryView(usage, await quotaOf(store, project.id)) })
  },
})

function memoryView(usage: MemoryUsage, quota: MemoryQuota): z.input<typeof memorySchema> {
  const of = (name: keyof MemoryQuota) => ({ used: usage[name], limit: quota[name] })
  return {
    kv: { keys: of('kvKeys'), bytes: of('kvBytes') },
    blob: { blobs: of('blobs'), bytes: of('blobBytes') },
    vmem: { arrays: of('vmemArrays'), bytes: of('vmemBytes') },
  }
}
