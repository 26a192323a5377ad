// What becomes of an artifact whose source or store fails while it is written: waited for where that passes with time, and
// else a warning that says so. What is written where all goes well is told in test/workflow.e2e.ts.
import { expect, test } from 'vitest'
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { createLogger } from '../logger.ts'
import { createKeepArtifacts } from './artifacts.ts'
import { createBytesInFlight } from './bytes-in-flight.ts'

const EXECUTIONS = { persist: true, include: ['executions_json'] }
const HUB = { output: {}, metrics: {}, replay: {} }

/** Keeping what a job of three shards made, in a store that fails at reading their answers and at writing. */
function keeping(
  failure: Error,
  artifacts: object = EXECUTIONS,
): { readonly discarded: string[]; keep(): Promise<unknown> } {
  const discarded: string[] = []
  const store = {
    project: async () => ({ limits: '{}' }),
    blob: async () => null,
    memoryUsage: async () => ({ blobBytes: 0 }),
    beginObject: async () => undefined,
    discardObject: async (id: string) => void discarded.push(id),
    attemptsOf: () => Promise.reject(failure),
    putBlob: () => Promise.reject(failure),
    putKv: () => Promise.reject(failure),
  }
  const objects = {
    async put(_id: string, bytes: AsyncIterable<Uint8Array>) {
      for await (const chunk of bytes) void chunk
    },
  }
  const deps = {
    store,
    objects,
    inFlight: createBytesInFlight(),
    clock: () => 1,
    newUlid: () => '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7E',
    logger: createLogger('silent'),
    agentAlias: async () => () => 'a',
  } as unknown as Parameters<typeof createKeepArtifacts>[0]
  const job = {
    id: 'j' as JobId,
    projectId: 'p' as ProjectId,
    contract: { ctx: {}, artifacts },
    shards: 3,
    hub: HUB,
    kernel: {},
  }
  const keep = createKeepArtifacts(deps)
  return { discarded, keep: () => keep(job as unknown as Parameters<typeof keep>[0]) }
}

test('a store that is away for a moment is not taken for a body that broke off', async () => {
  const { discarded, keep } = keeping(Object.assign(new Error('connection lost'), { code: '08006' }))
  await expect(keep()).rejects.toThrow('connection lost')
  expect(discarded).toHaveLength(1)
})

test('what does not pass with time is a warning, and no client’s fault', async () => {
  const { keep } = keeping(new Error('a row that cannot be read'))
  expect(await keep()).toMatchObject({
    artifacts: [],
    warnings: [expect.stringMatching(/^executions_json was not kept: the server could not write it/)],
  })
})

test.each([
  [{ persist: true }, ['result_json']],
  [{ persist: true, kv_namespace: 'n' }, ['result_json', 'the KV entry']],
  [{ persist: true, include: ['metrics_json', 'result_json'] }, ['metrics_json', 'result_json']],
  // An array alone is asked for by its name, and an empty list is no file.
  [{ persist: true, vmem: [{ array: 'quantiles', name: 'x' }] }, ['the array quantiles']],
  [{ persist: true, include: [], kv_namespace: 'n' }, ['the KV entry']],
])('%j writes what docs/memory.md says', async (artifacts, written) => {
  const { keep } = keeping(new Error('it is refused'), artifacts)
  expect(await keep()).toMatchObject({
    artifacts: [],
    warnings: written.map((what) => expect.stringMatching(`^${what} was not kept`)),
  })
})
