// A workflow of two steps with no client in between: job A writes the distribution of its losses into VMem, job B prices with
// it by reference. B run again gives the same bits, also when the array has no name any more.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { API_KEY, expectSameBits } from './support/client.ts'
import { checkBundle } from '@forge/shared/receipt/check-bundle.ts'
import { createReferenceEngine } from '@forge/shared/agent/engines/reference-engine.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { eventually } from './support/eventually.ts'
import { smallContract } from './support/contract.ts'
import { expectedOf } from './support/expected.ts'
import { startPool, type Pool } from './support/pool.ts'

let pool: Pool
beforeAll(async () => {
  pool = await startPool()
  await pool.agents({})
})
afterAll(() => pool?.close())

const LEVELS = [0.5, 0.9, 0.99]
const ask = (method: string, path: string) => {
  return fetch(`${pool.url}/api/v0/${path}`, { method, headers: { authorization: `Bearer ${API_KEY}` } })
}

test('job A writes its quantiles, job B prices with them, and B again is identical', async () => {
  const first = smallContract({ policy: { verify: 'none' } })
  const a = await pool.client.run({
    ...first,
    args: { ...first.args, quantiles: LEVELS },
    artifacts: {
      persist: true,
      include: ['result_json', 'executions_json', 'metrics_json'],
      kv_namespace: 'workflow',
      vmem: [{ array: 'quantiles', name: 'severity' }],
    },
  })
  // What was to be written was written; the one warning there is says that nothing was checked.
  expect(a.warnings).toEqual([expect.stringMatching(/nothing is checked/)])
  const file = (name: string) => ({ kind: 'blob', name: `jobs/${a.job_id}/${name}.json`, sha256: expect.any(String) })
  expect(a.hub).toMatchObject({
    artifacts: [
      file('result'),
      file('executions'),
      file('metrics'),
      { kind: 'vmem', array: 'quantiles', ref: 'severity@1' },
      { kind: 'kv', namespace: 'workflow', key: a.job_id },
    ],
  })
  const result = await ask('GET', `blob/${encodeURIComponent(`jobs/${a.job_id}/result.json`)}`)
  expect(await result.json()).toEqual(a.hub.output)
  const executions = await ask('GET', `blob/${encodeURIComponent(`jobs/${a.job_id}/executions.json`)}`)
  const answers: unknown = await executions.json()
  expect(answers).toHaveLength(a.hub.metrics.shards)
  const entry = await ask('GET', `kv/workflow/${a.job_id}`)
  expect(await entry.json()).toMatchObject({
    entry: { value: { replay: { output_digest: a.hub.replay.output_digest } } },
  })

  // The points are the output's own figures, bit for bit.
  const data = new Float64Array(await (await ask('GET', 'vmem/severity/1/data')).arrayBuffer())
  const { loss }: { loss: { min: number; max: number; quantiles: { p: number; var: number }[] } } = JSON.parse(
    JSON.stringify(a.hub.output),
  )
  const points = [[0, loss.min], ...loss.quantiles.map((q) => [q.p, q.var]), [1, loss.max]]
  expect([...data]).toEqual(points.flat())

  const { claim_severity_mu: _mu, claim_severity_sig: _sigma, ...args } = first.args
  const pricing = (quantiles: unknown) => ({
    ...first,
    args: { ...args, claim_severity: { kind: 'empirical', quantiles } },
  })
  const b = await pool.client.run(pricing({ $vmem: 'severity@1' }))
  const inline = await pool.client.run(pricing(points))
  expect(b.hub.replay.output_digest).toBe(inline.hub.replay.output_digest)
  expect(b.hub.replay.contract_digest).not.toBe(inline.hub.replay.contract_digest)
  const alone = await expectedOf(pricing(points), 'wasm')
  expectSameBits(inline, alone)

  const again = await pool.client.run(pricing({ $vmem: 'severity@1' }))
  expect(again.job_id).not.toBe(b.job_id)
  expect(again.hub.replay).toEqual(b.hub.replay)
  expect(again.hub.output).toEqual(b.hub.output)

  // What B's answer rests on is proved far from the server, also when the array has no name any more.
  expect((await ask('DELETE', 'vmem/severity/1')).status).toBe(200)
  expect((await ask('GET', 'vmem/severity/1')).status).toBe(404)
  const replayed = await ask('POST', `jobs/${b.job_id}/replay`)
  expect(await replayed.json()).toMatchObject({
    status: 'COMPLETED',
    replay_of: b.job_id,
    replay: { identical: true },
    hub: { output: b.hub.output, replay: b.hub.replay },
  })
  const bundle: unknown = await eventually(
    'the bundle',
    async () => {
      const response = await ask('GET', `jobs/${b.job_id}/bundle`)
      return response.ok ? await response.json() : null
    },
    (body) => body !== null,
  )
  expect(bundle).toMatchObject({
    contract: { references: [{ kind: 'vmem', ref: 'severity@1', path: 'args.claim_severity.quantiles' }] },
  })
  const checked = await checkBundle(bundle, {
    keys: null,
    engine: createReferenceEngine(artifacts),
    shards: 0,
    draw: () => 0,
  })
  expect(checked.filter(({ is }) => is === 'wrong')).toEqual([])
  expect(checked).toContainEqual(expect.objectContaining({ name: 'contract', is: 'proved' }))
})
