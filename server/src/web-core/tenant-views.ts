// What is shown of projects, keys, pools and node tokens, and the shape of it. Secrets are in the one answer that made them.
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import {
  DEFAULT_PROJECT_LIMITS,
  projectLimitsSchema,
  scopeSchema,
  type ProjectLimits,
} from '@forge/shared/contract/tenants.ts'
import type { ApiKeyRow, NodeTokenRow, PoolRow, ProjectRow } from '../store/tenants.ts'
import { scopesOf } from './auth.ts'
import { WEB_LIMITS } from './limits.ts'
import { isoOf, isoOrNull } from './times.ts'

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/
export const ulidSchema = z.string().regex(ULID, 'an id is a ULID of 26 characters')
const time = z.iso.datetime()

export const projectSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  created_at: time,
  limits: projectLimitsSchema,
})

export const keySchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  prefix: z.string().describe('its first characters, to tell keys apart'),
  scopes: z.array(scopeSchema),
  created_at: time,
  expires_at: time.nullable(),
  revoked_at: time.nullable(),
  last_used_at: time.nullable().describe('within an hour'),
})

export const poolSchema = z.strictObject({ name: z.string(), created_at: time })

export const nodeTokenSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  pool: z.string().nullable().describe('null: for the jobs of every project'),
  region: z
    .string()
    .nullable()
    .describe('for the contracts of every project where the operator made it, else of this one'),
  trusted: z.boolean(),
  made_by: z.enum(['operator', 'project']),
  created_at: time,
  expires_at: time.nullable(),
  revoked_at: time.nullable(),
})

/** By their stored text: they are asked for with each request, and to read them takes as long as a query. */
const readLimits = new LRUCache<string, ProjectLimits>({ max: WEB_LIMITS.limitsKeptMax })
const limitsSchema = projectLimitsSchema.strip()

/** Those that this version knows, with the defaults of what was never said. */
export function limitsOf({ limits }: Pick<ProjectRow, 'limits'>): ProjectLimits {
  const known = readLimits.get(limits)
  if (known !== undefined) return known
  const read = limitsSchema.parse({ ...DEFAULT_PROJECT_LIMITS, ...JSON.parse(limits) })
  readLimits.set(limits, read)
  return read
}

export const projectView = (row: ProjectRow): z.input<typeof projectSchema> => ({
  id: row.id,
  name: row.name,
  created_at: isoOf(row.createdAtMs),
  limits: limitsOf(row),
})

export const keyView = (row: ApiKeyRow): z.input<typeof keySchema> => ({
  id: row.id,
  name: row.name,
  prefix: row.prefix,
  scopes: [...scopesOf(row)],
  created_at: isoOf(row.createdAtMs),
  expires_at: isoOrNull(row.expiresAtMs),
  revoked_at: isoOrNull(row.revokedAtMs),
  last_used_at: isoOrNull(row.lastUsedAtMs),
})

export const poolView = ({ name, createdAtMs }: PoolRow): z.input<typeof poolSchema> => ({
  name,
  created_at: isoOf(createdAtMs),
})

export const nodeTokenView = (row: NodeTokenRow): z.input<typeof nodeTokenSchema> => ({
  id: row.id,
  name: row.name,
  prefix: row.prefix,
  pool: row.pool,
  region: row.region,
  trusted: row.trusted,
  made_by: row.madeByOperator ? 'operator' : 'project',
  created_at: isoOf(row.createdAtMs),
  expires_at: isoOrNull(row.expiresAtMs),
  revoked_at: isoOrNull(row.revokedAtMs),
})
