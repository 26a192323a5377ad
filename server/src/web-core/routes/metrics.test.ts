// GET /metrics over every other route: its series come from templates alone, whatever was asked for, and Prometheus' grammar
// is kept.
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  ADMIN_TOKEN,
  METRICS_TOKEN,
  openExampleWorld,
  WORLD_START_MS,
  type ExampleWorld,
} from '../examples.fixtures.ts'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { EXAMPLE } from '../examples.ts'

let world: ExampleWorld
beforeAll(async () => {
  world = await openExampleWorld()
}, WORLD_START_MS)
afterAll(() => world.close())

const ask = async (path: string, key: string, method = 'GET') =>
  world.app.request(path, { method, headers: { authorization: `Bearer ${key}` } })
const scrape = async (): Promise<string> => (await ask('/metrics', METRICS_TOKEN)).text()

test('requests are counted by template and status, and no name makes a series', async () => {
  const { key, projectId } = world.own
  for (const id of [EXAMPLE.job, EXAMPLE.finishedJob, EXAMPLE.unknown]) await ask(`/api/v0/jobs/${id}`, key)
  for (const name of ['a', 'b', '%00', '*', ':id']) await ask(`/api/v0/kv/${name}/${name}`, key)
  await ask('/api/v0/jobs', key, 'PROPFIND')
  await ask('/no/such/place', key)
  const text = await scrape()
  const counts = [...text.matchAll(/^forge_http_request_duration_seconds_count\{(.*)\} (\d+)$/gm)].map(
    ([, labels, count]) => `${labels} ${count}`,
  )
  expect(counts.toSorted()).toEqual(
    [
      'method="GET",route="/api/v0/jobs/{id}",status="200" 2',
      'method="GET",route="/api/v0/jobs/{id}",status="404" 1',
      'method="GET",route="/api/v0/kv/{namespace}/{key}",status="404" 5',
      'method="other",route="/api/v0/jobs",status="405" 1',
      'method="GET",route="other",status="404" 1',
    ].toSorted(),
  )
  for (const secret of [projectId, key, EXAMPLE.job, EXAMPLE.finishedJob, EXAMPLE.kvNamespace, METRICS_TOKEN]) {
    expect(text).not.toContain(secret)
  }
})

test('whoever sends no token is told which one, and what to set where there is none', async () => {
  const detailOf = async (path: string) => problemSchema.parse(await (await world.app.request(path)).json()).detail
  expect(await detailOf('/metrics')).toMatch(
    /^Send FORGE_METRICS_TOKEN or FORGE_ADMIN_TOKEN .* sets FORGE_METRICS_TOKEN/,
  )
  expect(await detailOf('/api/v0/projects')).toMatch(/^Send FORGE_ADMIN_TOKEN /)
  expect(await detailOf('/api/v0/jobs')).toMatch(/^Send the project’s key /)
})

test('it is Prometheus’ text: every sample is of a described metric, none twice', async () => {
  const response = await ask('/metrics', ADMIN_TOKEN)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const text = await response.text()
  expect(text.endsWith('\n')).toBe(true)
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]))
  const seen = new Set<string>()
  for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
    const [, series = '', name = ''] =
      /^(([a-zA-Z_:][\w:]*)(?:\{(?:\w+="(?:[^"\\\n]|\\[\\n"])*",?)*\})?) (?:[-+\d.e]+|Nan|[-+]Inf)$/.exec(line) ?? []
    expect(series, line).not.toBe('')
    expect(seen.has(series), line).toBe(false)
    seen.add(series)
    const base = name.replace(/_(?:bucket|sum|count)$/, '')
    expect(types.has(name) || types.get(base) === 'histogram' || types.get(base) === 'summary', line).toBe(true)
  }
})

test('memory is told beside its quotas, of the own project alone', async () => {
  const response = await ask('/api/v0/memory', world.own.key)
  const { memory } = (await response.json()) as { memory: Record<string, unknown> }
  const { kvKeys, kvBytes, blobBytes, vmemBytes } = await world.store.memoryUsage(world.own.projectId)
  expect(memory).toMatchObject({
    kv: { keys: { used: kvKeys, limit: 100_000 }, bytes: { used: kvBytes, limit: 64 * 1024 * 1024 } },
    blob: { bytes: { used: blobBytes, limit: 1024 ** 3 } },
    vmem: { bytes: { used: vmemBytes, limit: 1024 ** 3 } },
  })
  expect(kvKeys * kvBytes * blobBytes * vmemBytes).toBeGreaterThan(0)
  const text = await scrape()
  const both = await world.store.totals()
  expect(both.kvBytes).toBeGreaterThan(kvBytes)
  expect(text).toContain(`forge_memory_bytes{surface="kv"} ${both.kvBytes}\n`)
})
