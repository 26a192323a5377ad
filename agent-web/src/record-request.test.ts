// A page asks for its record by its own clock, and by the Hub's where that is refused; once, and signed for its own Hub.
import { expect, test } from 'vitest'
import { identityFromKeys, newSecretKey, verifySignature } from '@forge/shared/agent/identity.ts'
import { fromBase64 } from '@forge/shared/exact/bytes.ts'
import { agentRecordDigest } from '@forge/shared/verifier/answer-digest.ts'
import { requestRecord } from './record-request.ts'

const HUB = 'https://pool.example'
const NOW_MS = 1_790_000_000_000
const EMPTY = {
  ok: true,
  jobs: 0,
  accepted: 0,
  rejected: 0,
  credits: 0,
  quarantine: null,
  rejections: [],
  receipts: [],
}
interface Sent {
  readonly public_key: string
  readonly hub: string
  readonly at_ms: number
  readonly signature: string
}

/** A Hub whose clock it is, and the times that it was asked by. */
function hubAt(hubMs: number) {
  const asked: number[] = []
  const fake = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    const { public_key, hub, at_ms, signature } = JSON.parse(String(init?.body)) as Sent
    asked.push(at_ms)
    expect(hub).toBe(HUB)
    expect(verifySignature(fromBase64(public_key), agentRecordDigest(HUB, at_ms), fromBase64(signature))).toBe(true)
    const isInTime = Math.abs(at_ms - hubMs) <= 60_000
    const headers = { Date: new Date(hubMs).toUTCString() }
    return Response.json(isInTime ? EMPTY : { ok: false }, { status: isInTime ? 200 : 401, headers })
  }
  return { asked, fetch: fake as typeof fetch }
}
const identity = identityFromKeys({ kind: 'bytes', secretKey: newSecretKey() })
const request = (fetcher: typeof fetch) => requestRecord({ ...identity, hub: HUB, clock: () => NOW_MS, fetch: fetcher })

test('a clock that is right is asked by once', async () => {
  const { asked, fetch } = hubAt(NOW_MS + 1_000)
  expect(await request(fetch)).toEqual(EMPTY)
  expect(asked).toEqual([NOW_MS])
})

test('a clock that is wrong by hours is corrected by the Hub’s, once', async () => {
  const hubMs = NOW_MS + 3 * 3_600_000
  const { asked, fetch } = hubAt(hubMs)
  expect(await request(fetch)).toEqual(EMPTY)
  expect(asked).toEqual([NOW_MS, hubMs])
})

test('what is refused for another reason, or without a time, is not asked again', async () => {
  let asked = 0
  const refuses =
    (headers: Record<string, string>): typeof fetch =>
    async () => {
      asked++
      return Response.json({ ok: false }, { status: 401, headers })
    }
  expect(await request(refuses({ Date: new Date(NOW_MS).toUTCString() }))).toBeUndefined()
  expect(await request(refuses({}))).toBeUndefined()
  expect(asked).toBe(2)
})
