// What a volunteer's page is told over HTTP: the pool as it is for volunteers, whose a node token is,
// and the record of an identity.
import { z } from 'zod'
import { digestSchema, engineNameSchema, jobIdSchema } from './ids.ts'

export const poolSchema = z.strictObject({
  ok: z.literal(true),
  agents_online: z.int(),
  networks_days: z
    .int()
    .nullable()
    .describe('for how many days after a job’s end the networks of its agents are kept; null: as long as the job'),
})

export const tokenHolderSchema = z.strictObject({
  ok: z.literal(true),
  pool: z.string().nullable().describe('the pool whose jobs alone they work for; null: they work for everybody'),
})

export const agentRecordSchema = z.strictObject({
  ok: z.literal(true),
  jobs: z.int().describe('completed jobs that it answered a shard of'),
  accepted: z.int().describe('its answers that stand behind a verdict of a completed job'),
  rejected: z.int().describe('its answers that do not count, since one of them was found wrong'),
  credits: z.number().describe('earned for accepted work, ever; they have no cash value'),
  quarantine: z
    .strictObject({ number: z.int(), reason: z.string(), at: z.string(), released: z.boolean() })
    .nullable()
    .describe('its last exposure; null: there was none'),
  rejections: z.array(
    z.strictObject({
      job_id: jobIdSchema,
      shard: z.int(),
      engine: engineNameSchema,
      digest: digestSchema.describe('what it answered'),
      accepted: digestSchema.nullable().describe('what was accepted; null: nothing yet'),
      reason: z.string(),
    }),
  ),
  receipts: z
    .array(
      z.strictObject({
        job_id: jobIdSchema,
        op: z.string().describe('as `mc/1/insurance.v1`'),
        shards: z.int().nullable().describe('its accepted answers; null: not counted at that time'),
        of: z.int().describe('shards of the job'),
        finished_at: z.string(),
        receipt: digestSchema.nullable().describe('the receipt’s digest; null: it is not signed yet'),
      }),
    )
    .describe('the newest completed jobs that it worked on'),
})

export type TokenHolderView = z.infer<typeof tokenHolderSchema>
export type PoolView = z.infer<typeof poolSchema>
export type AgentRecordView = z.infer<typeof agentRecordSchema>
