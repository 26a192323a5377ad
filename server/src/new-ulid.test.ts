// Request ids: ULIDs of this moment, whose chance covers every symbol.
import { expect, test } from 'vitest'
import { jobIdSchema } from '@forge/shared/contract/ids.ts'
import { newUlid } from './new-ulid.ts'

test('ids are ULIDs of now, all different, and every symbol comes in every place of chance', () => {
  const before = Date.now()
  const ids = Array.from({ length: 10_000 }, newUlid)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids.slice(0, 100)) expect(jobIdSchema.parse(id)).toBe(id)
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
  const time = [...(ids[0] ?? '')].slice(0, 10).reduce((sum, one) => sum * 32 + alphabet.indexOf(one), 0)
  expect(time).toBeGreaterThanOrEqual(before)
  expect(time).toBeLessThanOrEqual(Date.now())
  for (let place = 10; place < 26; place++) expect(new Set(ids.map((id) => id[place])).size).toBe(alphabet.length)
})
