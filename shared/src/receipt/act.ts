// What somebody did to a project or to an agent, as a link of a hash chain: keys, limits, webhooks, quarantines. Each hash is
// of all that its act says and of the hash before it, so that whoever keeps the newest one can tell that no older act was
// changed, left out or put in. Acts are not signed: whoever writes a whole chain anew is found out by a hash that was kept.
import { z } from 'zod'
import { digestSchema } from '../contract/ids.ts'
import { digestOfJson, type Digest } from '../exact/digest.ts'

export const ACT_TYPES = [
  'project.created',
  'project.changed',
  'key.created',
  'key.revoked',
  'pool.created',
  'pool.deleted',
  'node-token.created',
  'node-token.revoked',
  'webhook.created',
  'webhook.changed',
  'webhook.secret-rotated',
  'webhook.deleted',
  'credit-note.issued',
  'session.begun',
  'agent.exposed',
  'agent.quarantined',
  'agent.released',
  'agent.banned',
  'agent.requalified',
] as const
export type ActType = (typeof ACT_TYPES)[number]

export const actSchema = z.strictObject({
  chain: z.string().describe('a project’s id, or `operator` for what is nobody’s project'),
  number: z.int().min(0).describe('from 0, without a gap'),
  at_ms: z.int().min(0),
  actor: z
    .string()
    .describe(
      '`key:<id>`, `configured-key` (FORGE_API_KEY), `operator` (FORGE_ADMIN_TOKEN), `verification`, or `server`',
    ),
  type: z.enum(ACT_TYPES),
  subject: z.string().nullable().describe('what it was done to: the id of a key, a webhook, an agent'),
  data: z.record(z.string(), z.unknown()).describe('what there is to say of it; never a secret'),
  previous: digestSchema.nullable().describe('the hash of the act before; null for the first'),
  hash: digestSchema.describe('SHA-256 of `forge-pool/act.v1`, a zero byte, and the RFC 8785 form of all else'),
})
export type Act = z.infer<typeof actSchema>

/** Throws when the data are not JSON. */
export const actHash = ({ chain, number, at_ms, actor, type, subject, data, previous }: Omit<Act, 'hash'>): Digest =>
  digestOfJson('act.v1', { chain, number, at_ms, actor, type, subject, data, previous })

/**
 * What is wrong with acts that follow each other downwards, newest first, behind `newer`; null when nothing is. The last
 * of a whole chain has the number 0 and nothing before it.
 */
export function actsProblem(acts: readonly Act[], newer: Act | null): string | null {
  let above = newer
  for (const act of acts) {
    if (actHash(act) !== act.hash) return `act ${act.number} is not what its hash was made of`
    if (above !== null) {
      if (act.chain !== above.chain) return `act ${act.number} is of another chain`
      if (act.number !== above.number - 1) return `act ${above.number - 1} is missing`
      if (above.previous !== act.hash) return `act ${above.number} does not follow act ${act.number}`
    }
    if ((act.number === 0) !== (act.previous === null)) return `act ${act.number} has the wrong beginning`
    above = act
  }
  return null
}
