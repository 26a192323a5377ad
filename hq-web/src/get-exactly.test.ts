// An answer that is checked reads one way only: what names a field twice is refused, whoever of HQ's checks asked for it.
import { afterEach, expect, test, vi } from 'vitest'
import { ApiProblem, get } from './api.ts'
import { checkReceipts } from './audit/check.ts'
import { getExactly } from './get-exactly.ts'

const TWICE = '{"body":{"format":"forge-pool/keys.v1","format":"forge-pool/keys.v1","keys":[]},"signature":{}}'
const answering = (text: string): void => void vi.stubGlobal('fetch', () => Promise.resolve(new Response(text)))
afterEach(() => vi.unstubAllGlobals())

const problemOf = (asked: Promise<unknown>): Promise<unknown> => asked.catch((error: unknown) => error)
const refusal = expect.stringMatching(/reads one way only: body\.format: this field is there twice\.$/)

test('a field that is there twice is refused, where the plain way takes the second', async () => {
  answering(TWICE)
  expect(await get('/.well-known/forge-keys.json')).toMatchObject({ body: { keys: [] } })
  const problem = await problemOf(getExactly('/.well-known/forge-keys.json'))
  expect(problem).toBeInstanceOf(ApiProblem)
  expect(problem).toMatchObject({ problem: { retryable: false, detail: refusal } })
})

test('what is exact comes as it is', async () => {
  answering('{"body":{"keys":[1,-0,"\\u00e9"]}}')
  expect(await getExactly('/.well-known/forge-keys.json')).toEqual({ body: { keys: [1, 0, 'é'] } })
  answering('')
  expect(await problemOf(getExactly('/.well-known/forge-keys.json'))).toBeInstanceOf(ApiProblem)
})

test('so the log is read, and a bundle with its keys', async () => {
  answering(TWICE)
  const shown = { chain: 'project', length: 1, head: null }
  expect(await problemOf(checkReceipts(shown, '', () => undefined))).toMatchObject({ problem: { detail: refusal } })
  const told = vi.fn<(message: unknown) => void>()
  const worker: Pick<Worker, 'postMessage' | 'onmessage'> = { postMessage: told, onmessage: null }
  vi.stubGlobal('self', worker)
  await import('./verify/verify-worker.ts')
  const data = { jobId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', receipt: {}, shards: 0 }
  Reflect.apply(worker.onmessage ?? fail, worker, [{ data }])
  await vi.waitFor(() => expect(told).toHaveBeenCalled())
  expect(told).toHaveBeenCalledWith({ kind: 'refused', problem: expect.objectContaining({ detail: refusal }) })
})

function fail(): never {
  throw new Error('the worker hears nothing')
}
