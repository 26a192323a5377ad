// What may stand in args in place of a reference is bounded before it is built: the story of references that resolve is told
// over HTTP and in test/workflow.e2e.ts.
import { expect, test } from 'vitest'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { VmemRow } from '../store/memory.ts'
import { Refusal } from '../web-core/refusal.ts'
import { resolveReferences } from './references.ts'

const resolving = (shape: readonly number[], values: readonly number[] = []) => {
  const row = { dtype: 'u8', shape, digest: 'd', objectId: 'o', bytes: values.length } as unknown as VmemRow
  async function* read() {
    yield Uint8Array.from(values)
  }
  const deps = { store: { vmem: async () => row, blob: async () => null }, objects: { read }, clock: () => 0 }
  return resolveReferences({ x: { $vmem: 'a@1' } }, 'p' as ProjectId, deps)
}

test.each([[[100_000_000, 0]], [[4_294_967_295, 0]], [[1_000_000, 1_000_000, 0]]])(
  'a shape of %j is refused before it is built',
  async (shape) => {
    const resolved = await resolving(shape)
    expect(resolved).toBeInstanceOf(Refusal)
    expect(resolved).toMatchObject({ problem: { code: 'REFERENCE_UNUSABLE', errors: [{ path: 'args.x' }] } })
  },
)

test('lists that are empty, and lists of lists, are what they were', async () => {
  expect(await resolving([0, 1])).toMatchObject({ args: { x: [] } })
  expect(await resolving([2, 0])).toMatchObject({ args: { x: [[], []] } })
  const nested = [
    [1, 2],
    [3, 4],
  ]
  expect(await resolving([2, 2], [1, 2, 3, 4])).toMatchObject({ args: { x: nested } })
})
