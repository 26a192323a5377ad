// Asking a Hub for the record of a key, signed for that Hub and this moment. A phone's clock may be wrong by hours: a Hub that
// refuses the time says its own, and is asked once more by that; what is signed so counts at this Hub alone.
import type { AgentRecordView } from '@forge/shared/contract/agent-record.ts'
import { toBase64 } from '@forge/shared/exact/bytes.ts'
import { agentRecordDigest } from '@forge/shared/verifier/answer-digest.ts'

export interface RecordRequest {
  readonly publicKey: Uint8Array
  readonly sign: (bytes: Uint8Array) => Promise<Uint8Array> | Uint8Array
  /** The origin that the page came from. */
  readonly hub: string
  readonly clock: () => number
  readonly fetch: typeof fetch
}

/** Undefined where the Hub does not give it. Rejects as `fetch` does. */
export async function requestRecord(request: RecordRequest): Promise<AgentRecordView | undefined> {
  const atMs = request.clock()
  const first = await ask(request, atMs)
  const response = first.status === 401 ? await askByItsClock(request, first, atMs) : first
  // The page and its server are of one build; a newer server has the page reload.
  return response?.ok === true ? ((await response.json()) as AgentRecordView) : undefined
}

async function ask({ publicKey, sign, hub, fetch }: RecordRequest, atMs: number): Promise<Response> {
  const signature = toBase64(await sign(agentRecordDigest(hub, atMs)))
  return fetch('/agent/record', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ public_key: toBase64(publicKey), hub, at_ms: atMs, signature }),
  })
}

/** Undefined where it was not the time that it refused. */
async function askByItsClock(request: RecordRequest, refused: Response, atMs: number): Promise<Response | undefined> {
  const itsMs = Date.parse(refused.headers.get('Date') ?? '')
  return Math.abs(itsMs - atMs) > CLOCK_NOISE_MS ? ask(request, itsMs) : undefined
}

/** What `Date` leaves out, and what a request takes. */
const CLOCK_NOISE_MS = 10_000
