// What is shown of arrays, and the shape of what is written.
import { z } from 'zod'
import { MEMORY_LIMITS } from '@forge/shared/contract/memory.ts'
import { DTYPES } from '@forge/shared/exact/typed-array.ts'
import type { VmemRow } from '../../store/memory.ts'
import { isoOf } from '../../web-core/times.ts'

export const dtypeSchema = z.enum(DTYPES)
export const shapeSchema = z
  .array(z.int().min(0).max(MEMORY_LIMITS.vmemElementsMax))
  .max(MEMORY_LIMITS.vmemDimensionsMax)
  .refine(
    (shape) => shape.reduce((product, length) => product * BigInt(length), 1n) <= BigInt(MEMORY_LIMITS.vmemElementsMax),
    `an array has at most ${MEMORY_LIMITS.vmemElementsMax} elements`,
  )

export const vmemSchema = z.strictObject({
  ref: z.string().describe('`name@version`, as `{"$vmem": …}` takes it'),
  name: z.string(),
  version: z.int(),
  dtype: dtypeSchema,
  shape: z.array(z.int()),
  bytes: z.int(),
  digest: z.string().describe('over type, shape and bytes: what a contract’s digest names it by'),
  created_at: z.iso.datetime(),
})

export const vmemView = (row: VmemRow): z.input<typeof vmemSchema> => ({
  ref: vmemRef(row),
  name: row.name,
  version: row.version,
  dtype: row.dtype,
  shape: [...row.shape],
  bytes: row.bytes,
  digest: row.digest,
  created_at: isoOf(row.createdAtMs),
})

export const vmemRef = ({ name, version }: Pick<VmemRow, 'name' | 'version'>): string => `${name}@${version}`
