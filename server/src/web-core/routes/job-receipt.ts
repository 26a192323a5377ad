// What a client takes home of a job that has ended: its signed receipt, the bundle with all that checking it needs, one
// shard's place in the Merkle root, and the keys that sign. Signed documents are answered as they are, with nothing around
// them, so that a file of the answer is the document.
import { z } from 'zod'
import { bundleSchema } from '@forge/shared/receipt/bundle.ts'
import { signedKeyListSchema } from '@forge/shared/receipt/keys.ts'
import { inclusionProofSchema } from '@forge/shared/receipt/proof.ts'
import { signedReceiptSchema } from '@forge/shared/receipt/receipt.ts'
import { KernelMissing } from '../../hub/edge/planning.ts'
import { bundleOf } from '../../receipt/bundle.ts'
import { proofOf } from '../../receipt/reads.ts'
import type { JobRow } from '../../store/store.ts'
import { EXAMPLE } from '../examples.ts'
import { streamOf } from '../sent-stream.ts'
import { JOB_ID_TEXT } from '../job-view.ts'
import { WEB_LIMITS } from '../limits.ts'
import { refuse, Refusal } from '../refusal.ts'
import { API_HEADERS } from '../reply.ts'
import { answered, route } from '../routing/route.ts'
import { jobParams, NO_JOB, ownJob } from './jobs.ts'

const NO_SHARD = 'This project has no job of that id, or the job has no shard of that number.'
const shardParams = jobParams.extend({
  n: z
    .string()
    .regex(/^(0|[1-9]\d{0,5})$/)
    .transform(Number)
    .describe('the number of a shard, from 0, counted through all passes'),
})
const proofAnswerSchema = z.strictObject({ ok: z.literal(true), job_id: JOB_ID_TEXT, proof: inclusionProofSchema })

export const jobReceiptRoutes = [
  route({
    method: 'GET',
    path: '/api/v0/jobs/{id}/receipt',
    scope: 'jobs:read',
    tag: 'jobs',
    operationId: 'getJobReceipt',
    summary: 'The signed receipt',
    description:
      'Of a job that has ended, however it ended. One document, `body` and `signature`, that never changes: what was computed, from what, how it was verified, and what it cost.',
    params: jobParams,
    missing: NO_JOB,
    responses: { 200: { description: 'The receipt.', schema: signedReceiptSchema } },
    problems: ['JOB_NOT_ENDED'],
    examples: [
      { summary: 'Of a completed job', params: { id: EXAMPLE.finishedJob }, status: 200 },
      { summary: 'Of one that runs', params: { id: EXAMPLE.job }, status: 409 },
    ],
    async handle({ caller, params }, { store, sealer }) {
      const row = await ownJob(store, caller.projectId, params.id)
      if (row instanceof Refusal) return row
      const receipt = await sealer.receiptOf(row.id)
      return receipt === null ? notEnded(row) : answered(200, receipt)
    },
  }),
  route({
    method: 'GET',
    path: '/api/v0/jobs/{id}/bundle',
    scope: 'jobs:read',
    tag: 'jobs',
    operationId: 'getJobBundle',
    summary: 'Receipt and all that checking it needs',
    description:
      'One file for `forge verify`, which asks no server: the receipt, its place in the project’s log, contract, answer, shard digests, partials as long as they are kept, notices, price list and keys.',
    params: jobParams,
    missing: NO_JOB,
    responses: { 200: { description: 'The bundle.', schema: bundleSchema } },
    problems: ['JOB_NOT_ENDED', 'JOB_NOT_COMPLETED', 'KERNEL_MISSING', 'SERVER_STOPPING'],
    examples: [
      { summary: 'Of a completed job', params: { id: EXAMPLE.finishedJob }, status: 200 },
      { summary: 'Of one that runs', params: { id: EXAMPLE.job }, status: 409 },
    ],
    async handle({ caller, params, request }, { store, sealer, bundles, cut, bodyPace }) {
      const row = await ownJob(store, caller.projectId, params.id)
      if (row instanceof Refusal) return row
      if (row.state !== 'COMPLETED') return notCompleted(row)
      const giveBack = bundles.take(caller.projectId)
      if (giveBack === null) return tooManyBundles()
      let isSent = false
      try {
        const pieces = await bundleOf(row.id, { store, sealer })
        if (pieces === null) return keysAreChanging()
        const headers = { ...API_HEADERS, 'Content-Type': 'application/json' }
        // Of a HEAD nobody reads the stream, nor ends it.
        if (request.method === 'HEAD') return new Response(null, { headers })
        isSent = true
        return new Response(streamOf(pieces, { close: giveBack, cut, idleMs: bodyPace.idleMs }), { headers })
      } catch (error) {
        if (error instanceof KernelMissing) return kernelMissing(row)
        throw error
      } finally {
        if (!isSent) giveBack()
      }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v0/jobs/{id}/shards/{n}/proof',
    scope: 'jobs:read',
    tag: 'jobs',
    operationId: 'getShardProof',
    summary: 'That a shard is in the Merkle root',
    description:
      'An inclusion proof (RFC 9162, section 2.1.3) from one shard’s digest to the root that the receipt names. Whoever runs that shard again and has the receipt needs nothing else of the job.',
    params: shardParams,
    missing: NO_SHARD,
    responses: { 200: { description: 'The proof.', schema: proofAnswerSchema } },
    problems: ['JOB_NOT_ENDED', 'JOB_NOT_COMPLETED'],
    examples: [
      { summary: 'Of the second shard', params: { id: EXAMPLE.finishedJob, n: '1' }, status: 200 },
      { summary: 'Of a shard that there is not', params: { id: EXAMPLE.finishedJob, n: '999' }, status: 404 },
      { summary: 'While the job runs', params: { id: EXAMPLE.job, n: '0' }, status: 409 },
    ],
    async handle({ caller, params }, { store }) {
      const row = await ownJob(store, caller.projectId, params.id)
      if (row instanceof Refusal) return refuse('NOT_FOUND', NO_SHARD)
      if (row.state !== 'COMPLETED') return notCompleted(row)
      const proof = await proofOf(row.id, params.n, store)
      if (proof === null) return refuse('NOT_FOUND', NO_SHARD)
      return answered(200, { ok: true, job_id: row.id, proof })
    },
  }),
  route({
    method: 'GET',
    path: '/.well-known/forge-keys.json',
    scope: 'public',
    tag: 'server',
    operationId: 'getSigningKeys',
    summary: 'The keys that sign receipts',
    description:
      'Each with the time in which it signs; a key that was replaced stays in the list. The newest one signs the list itself.',
    responses: { 200: { description: 'The list.', schema: signedKeyListSchema } },
    problems: ['SERVER_STOPPING'],
    examples: [{ summary: 'All of them', status: 200 }],
    async handle(_input, { sealer }) {
      const keys = await sealer.keys()
      return keys === null ? keysAreChanging() : answered(200, keys)
    },
  }),
]

function tooManyBundles(): Refusal {
  const detail = `A project fetches at most ${WEB_LIMITS.bundlesPerProjectMax} bundles at once; send this one again when another is there.`
  return new Refusal(refuse('RATE_LIMITED', detail).problem, { 'Retry-After': String(WEB_LIMITS.retryPlaceSeconds) })
}

function notEnded({ id, state }: JobRow): Refusal {
  const { problem } = refuse('JOB_NOT_ENDED', `The job is ${state}; this is there when it has ended.`, { job_id: id })
  return new Refusal(problem, { 'Retry-After': String(WEB_LIMITS.retryAfterSeconds) })
}

/** Whether it may still complete, or ended as something else. */
export function notCompleted(row: JobRow): Refusal {
  if (row.finishedAtMs === null) return notEnded(row)
  const detail = `The job ended as ${row.state}, without a result; its receipt says why.`
  return refuse('JOB_NOT_COMPLETED', detail, { job_id: row.id })
}

export function kernelMissing({ id, kernelDigest }: JobRow): Refusal {
  const detail = `The job ran on kernel ${kernelDigest}, which this server no longer has; another one could give other bits.`
  return refuse('KERNEL_MISSING', detail, { job_id: id })
}

/** A server with a newer key is taking over, and this one may no longer sign the list. */
function keysAreChanging(): Refusal {
  const detail = 'This server is being replaced by one with a newer key; ask again in a moment.'
  return new Refusal(refuse('SERVER_STOPPING', detail).problem, { 'Retry-After': String(WEB_LIMITS.restartSeconds) })
}
