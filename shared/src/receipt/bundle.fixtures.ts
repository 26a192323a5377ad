// A completed job that nobody but this file ran: three passes of three shards of the real kernel, computed here, signed with
// a key made of sevens. The tests of the offline check, here and on the command line, take it apart.
import { createWasmEngine } from '../agent/engines/wasm-engine.ts'
import { priceOf } from '../billing/price.ts'
import { PRICE_LIST, priceListDigest } from '../billing/price-list.ts'
import { policySchema, type Policy } from '../contract/envelope.ts'
import { jobIdSchema } from '../contract/ids.ts'
import type { Reference } from '../contract/memory.ts'
import { compileTable, tableDigest, tableKey } from '../distributions/table.ts'
import { sha256Hex } from '#sha256'
import { fromHex, toBase64, utf8 } from '../exact/bytes.ts'
import { canonicalJson } from '../exact/canonical-json.ts'
import { digest, type Digest } from '../exact/digest.ts'
import { multiply, rational } from '../exact/rational.ts'
import { artifacts } from '../kernels/artifacts.gen.ts'
import type { TableSpec } from '../kernels/kernel.ts'
import { contractDigest, planDigest } from '../planner/contract.ts'
import { partialDigest } from '../reducer/reduce.ts'
import { computeAll, planQuestion, type Computed, type PlannedQuestion } from '../verifier/audit.ts'
import { boundsOf } from '../verifier/bound.ts'
import { isDrawn, rateOf, sampleOf, samplingKeySha256 } from '../verifier/sample.ts'
import type { Bundle } from './bundle.ts'
import { signLink } from './link.ts'
import type { Notice } from './notice.ts'
import { shardsDigest, type Receipt, type ReceiptVerification } from './receipt.ts'
import type { SignedKeyList } from './keys.ts'
import { bodyDigest, signed, signerOf, type Signer } from './signed.ts'

const compiled = new Map<string, Uint32Array>()
export function compileOnce(spec: TableSpec): Uint32Array {
  const words = compiled.get(tableKey(spec)) ?? compileTable(spec).words
  compiled.set(tableKey(spec), words)
  return words
}

const signer: Signer = signerOf(new Uint8Array(32).fill(7))
const jobId = jobIdSchema.parse('01ARZ3NDEKTSV4RRFFQ69G5FAV')
const op = { name: 'mc', version: 1, profile: 'insurance.v1' }
const samplingKey = '5'.repeat(64)
const job = { id: jobId, samplingKey: fromHex(samplingKey) }
const spotcheck = policySchema.parse({
  target: 'any',
  min_agents: 1,
  max_agents: 4,
  verify: 'spotcheck',
  spotcheck_rate: 0.25,
})
/** One of each kind. No arg here came from them; a contract's digest names what it is told. */
const references: Reference[] = [
  { path: 'args.claim_severity_mu', kind: 'vmem', ref: 'losses@3', digest: digest('vmem.v1', utf8('losses')) },
  { path: 'args.quantiles', kind: 'blob', ref: 'quantiles.json', digest: sha256Hex(utf8('[0.5,0.99]')) as Digest },
]
const sent = {
  iterations: 35_000,
  claim_freq: 15,
  claim_severity_mu: 6,
  claim_severity_sig: 1,
  quantiles: [0.5, 0.99],
  oep: true,
}
const rootSeed = 'bundle'

/** How the job went, where it is not a clean spotcheck; all that is signed then tells the same story, be it true or not. */
export interface Told {
  readonly policy?: Partial<Policy>
  /** Of the record; otherwise the policy's. */
  readonly mode?: Policy['verify']
  readonly status?: 'clean' | 'degraded'
  /** Which shards another executor has checked; otherwise the first of each pass and what the key draws. */
  readonly isChecked?: (shard: number) => boolean
  /** Whether the referee stands behind the first one. */
  readonly isRefereed?: boolean
}

let ran: Promise<readonly [PlannedQuestion, Computed]> | undefined
async function runOnce(): Promise<readonly [PlannedQuestion, Computed]> {
  const question = planQuestion({ op, args: sent, rootSeed }, compileOnce)
  return [question, await computeAll(question, createWasmEngine(artifacts))]
}

/** One author. */
export async function aBundle(told: Told = {}): Promise<Bundle> {
  ran ??= runOnce()
  return bundleOfRun(...(await ran), told)
}

function bundleOfRun(question: PlannedQuestion, computed: Computed, told: Told): Bundle {
  const { kernel, args, plan } = question
  const policy = { ...spotcheck, ...told.policy }
  const shards = computed.partials.map((bytes, shard) => verdictOf(partialDigest(bytes), shard, told))
  const tables = Object.fromEntries(Object.entries(question.tables).map(([name, words]) => [name, tableDigest(words)]))
  const contract = contractDigest(kernel, args, rootSeed, references)
  const replay = {
    root_seed: rootSeed,
    contract_digest: contract,
    kernel_digest: kernel.digest,
    plan_digest: planDigest(contract, kernel, plan, tables, policy),
    merkle_root: computed.merkleRoot,
    output_digest: computed.outputDigest,
    passes: computed.passes.map(({ program, facts }) => ({ program, facts: { ...facts } })),
  }
  const verification = recordOf(shards, told.mode ?? policy.verify, told.status ?? 'clean')
  const billing = billOf(question, policy, verification.status)
  const { credits, eur } = billing
  const answer = { hub: { output: computed.output, replay, verification }, billing: { credits, eur }, warnings: [] }
  const result = {
    shards: shards.length,
    merkle_root: computed.merkleRoot,
    shards_digest: shardsDigest(shards.map(([is, confirmations, trusted]) => ({ digest: is, confirmations, trusted }))),
    output_digest: computed.outputDigest,
    answer_digest: digest('answer.v1', utf8(canonicalJson(answer))),
    verification,
  }
  const body = receiptOf(replay, policy, result, billing)
  return {
    format: 'forge-pool/bundle.v1',
    ...documentsOf(body),
    price_list: structuredClone(PRICE_LIST),
    contract: {
      op,
      args: JSON.parse(JSON.stringify(args)),
      root_seed: rootSeed,
      policy: { ...policy },
      references: structuredClone(references),
    },
    tables,
    answer: JSON.parse(canonicalJson(answer)),
    shards,
    partials: computed.partials.map(toBase64),
    partials_missing: null,
  }
}

function verdictOf(is: Digest, shard: number, { isChecked, isRefereed = true }: Told): Bundle['shards'][number] {
  const isDrawnHere = isDrawn(sampleOf(job, shard, is), rateOf(spotcheck.spotcheck_rate))
  const confirmed = isChecked?.(shard) ?? (shard % 3 === 0 || isDrawnHere)
  return [is, confirmed ? 2 : 1, isRefereed && shard === 0]
}

function recordOf(
  shards: Bundle['shards'],
  mode: ReceiptVerification['mode'],
  status: ReceiptVerification['status'],
): ReceiptVerification {
  const checked = shards.filter(([, confirmations, trusted]) => confirmations > 1 || trusted).length
  const byTrusted = shards.filter(([, , trusted]) => trusted).length
  const counts = { shards: shards.length, checked, checked_by_trusted: byTrusted }
  const bound = boundsOf([{ shards: shards.length, checked, checkedByTrusted: byTrusted }])
  const key = { sampling_key: samplingKey, sampling_key_sha256: samplingKeySha256(samplingKey) }
  return {
    mode,
    status,
    ...counts,
    mismatches: 0,
    voided: 0,
    bound: mode === 'none' ? null : [...bound],
    ...(mode === 'none' ? {} : { strata: [{ strata: 1, ...counts }] }),
    ...(mode === 'spotcheck' ? key : {}),
  }
}

function billOf({ kernel, plan }: PlannedQuestion, policy: Policy, status: string): Receipt['billing'] {
  const draws = multiply(plan.drawsPerUnit, rational(BigInt(plan.grid.passes)))
  const verify = status === 'degraded' ? 'none' : policy.verify
  const work = { iterations: plan.grid.units, drawsPerUnit: draws, verify, spotcheckRate: policy.spotcheck_rate }
  const { credits, eur, microCredits } = priceOf({ ...work, profile: kernel.id, mode: 'billable' })
  return {
    mode: 'billable',
    credits,
    eur,
    micro_credits: String(microCredits),
    price_list: priceListDigest(PRICE_LIST),
    work: {
      iterations: String(plan.grid.units),
      draws_per_iteration: { numerator: String(draws.numerator), denominator: String(draws.denominator) },
      verify,
      spotcheck_rate: policy.spotcheck_rate,
    },
  }
}

const receiptOf = (
  replay: Pick<Receipt, 'contract_digest' | 'kernel_digest' | 'plan_digest'>,
  policy: Policy,
  result: NonNullable<Receipt['result']>,
  billing: Receipt['billing'],
): Receipt => ({
  format: 'forge-pool/receipt.v1',
  job_id: jobId,
  project_id: 'project',
  state: 'COMPLETED',
  created_at_ms: 1_000,
  finished_at_ms: 2_000,
  issued_at_ms: 3_000,
  op,
  root_seed: rootSeed,
  request_digest: digest('request.v1', utf8('request')),
  contract_digest: replay.contract_digest,
  kernel_digest: replay.kernel_digest,
  plan_digest: replay.plan_digest,
  policy: { ...policy },
  result,
  problem: null,
  billing,
})

/** What is signed of it. */
export function documentsOf(body: Receipt): Pick<Bundle, 'receipt' | 'link' | 'keys' | 'notices'> {
  const document = bodyDigest('receipt.v1', body)
  const notice: Notice = {
    format: 'forge-pool/notice.v1',
    job_id: jobId,
    number: 0,
    kind: 'integrity',
    at_ms: 4_000,
    detail: { shards: 1 },
    receipt: document,
    issued_at_ms: 4_500,
  }
  return {
    receipt: signed('receipt.v1', body, signer),
    link: signLink(
      {
        project_id: 'project',
        place: 0,
        job_id: jobId,
        kind: 'receipt',
        number: 0,
        document,
        previous: null,
        issued_at_ms: 3_500,
      },
      signer,
    ),
    keys: keyListOf(signer),
    notices: [signed('signed-notice.v1', notice, signer)],
  }
}

/** The list of one key, valid for ever, signed by itself. */
export const keyListOf = (by: Signer): SignedKeyList =>
  signed(
    'key-list.v1',
    {
      format: 'forge-pool/keys.v1',
      keys: [
        {
          key_id: by.keyId,
          algorithm: 'Ed25519',
          public_key: toBase64(by.publicKey),
          valid_from_ms: 0,
          valid_until_ms: null,
        },
      ],
    },
    by,
  )
