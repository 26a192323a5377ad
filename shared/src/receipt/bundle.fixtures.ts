// A completed job that nobody but this file ran: three passes of three shards of the real kernel, computed here, signed with
// a key made of sevens. The tests of the offline check, here and on the command line, take it apart.
import { createWasmEngine } from '../agent/engines/wasm-engine.ts'
import { priceOf } from '../billing/price.ts'
import { PRICE_LIST, priceListDigest } from '../billing/price-list.ts'
import { policySchema } from '../contract/envelope.ts'
import { jobIdSchema } from '../contract/ids.ts'
import { compileTable, tableDigest, tableKey } from '../distributions/table.ts'
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
import { shardsDigest, type Receipt } from './receipt.ts'
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
const policy = policySchema.parse({
  target: 'any',
  min_agents: 1,
  max_agents: 4,
  verify: 'spotcheck',
  spotcheck_rate: 0.25,
})
const sent = {
  iterations: 35_000,
  claim_freq: 15,
  claim_severity_mu: 6,
  claim_severity_sig: 1,
  quantiles: [0.5, 0.99],
  oep: true,
}
const rootSeed = 'bundle'

/** One author. */
export async function aBundle(): Promise<Bundle> {
  const question = planQuestion({ op, args: sent, rootSeed }, compileOnce)
  const computed = await computeAll(question, createWasmEngine(artifacts))
  return bundleOfRun(question, computed)
}

function bundleOfRun(question: PlannedQuestion, computed: Computed): Bundle {
  const { kernel, args, plan } = question
  const digests = computed.partials.map(partialDigest)
  const shards = digests.map(verdictOf)
  const tables = Object.fromEntries(Object.entries(question.tables).map(([name, words]) => [name, tableDigest(words)]))
  const contract = contractDigest(kernel, args, rootSeed)
  const checked = shards.filter(([, confirmations]) => confirmations > 1).length
  const replay = {
    root_seed: rootSeed,
    contract_digest: contract,
    kernel_digest: kernel.digest,
    plan_digest: planDigest(contract, kernel, plan, tables, policy),
    merkle_root: computed.merkleRoot,
    output_digest: computed.outputDigest,
    passes: computed.passes.map(({ program, facts }) => ({ program, facts: { ...facts } })),
  }
  const verification = {
    mode: 'spotcheck' as const,
    status: 'clean' as const,
    shards: shards.length,
    checked,
    checked_by_trusted: 1,
    mismatches: 0,
    voided: 0,
    bound: [...boundsOf([{ shards: shards.length, checked, checkedByTrusted: 1 }])],
    strata: [{ strata: 1, shards: shards.length, checked, checked_by_trusted: 1 }],
    sampling_key: samplingKey,
    sampling_key_sha256: samplingKeySha256(samplingKey),
  }
  const billing = billOf(question)
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
  const body = receiptOf(replay, result, billing)
  return {
    format: 'forge-pool/bundle.v1',
    ...documentsOf(body),
    price_list: structuredClone(PRICE_LIST),
    contract: {
      op,
      args: JSON.parse(JSON.stringify(args)),
      root_seed: rootSeed,
      policy: { ...policy },
      references: [],
    },
    tables,
    answer: JSON.parse(canonicalJson(answer)),
    shards,
    partials: computed.partials.map(toBase64),
    partials_missing: null,
  }
}

/** What the key draws, and the first shards of each pass, one other has checked; the first of all the referee. */
function verdictOf(is: Digest, shard: number): Bundle['shards'][number] {
  const job = { id: jobId, samplingKey: fromHex(samplingKey) }
  const isChecked = shard % 3 === 0 || isDrawn(sampleOf(job, shard, is), rateOf(policy.spotcheck_rate))
  return [is, isChecked ? 2 : 1, shard === 0]
}

function billOf({ kernel, plan }: PlannedQuestion): Receipt['billing'] {
  const draws = multiply(plan.drawsPerUnit, rational(BigInt(plan.grid.passes)))
  const work = { iterations: plan.grid.units, drawsPerUnit: draws, verify: policy.verify, spotcheckRate: 0.25 }
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
      verify: policy.verify,
      spotcheck_rate: 0.25,
    },
  }
}

const receiptOf = (
  replay: Pick<Receipt, 'contract_digest' | 'kernel_digest' | 'plan_digest'>,
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
