// A signed notice: what was learned of a job after its end. The job and its receipt stay as they are; the notice names the
// receipt that it is beside.
import { z } from 'zod'
import { digestSchema, jobIdSchema } from '../contract/ids.ts'
import { signedSchema } from './signed.ts'

const noticeSchema = z.strictObject({
  format: z.literal('forge-pool/notice.v1'),
  job_id: jobIdSchema,
  number: z.int().nonnegative(),
  kind: z.string(),
  at_ms: z.int().nonnegative(),
  detail: z.record(z.string(), z.unknown()),
  /** The digest of the job's receipt. */
  receipt: digestSchema,
  issued_at_ms: z.int().nonnegative(),
})
export type Notice = z.infer<typeof noticeSchema>
export const signedNoticeSchema = signedSchema(noticeSchema)
export type SignedNotice = z.infer<typeof signedNoticeSchema>
