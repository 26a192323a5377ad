// What a receipt proves by itself, with the list of keys and the price list: that it is signed, that its bill follows from
// its work, its bound from its counts, and that its sampling key is the one that was committed to. Each finding names the
// field. What needs the shards is the bundle's check.
import { priceOf } from '../billing/price.ts'
import { priceListOf } from '../billing/price-list.ts'
import { canonicalJson } from '../exact/canonical-json.ts'
import { rational } from '../exact/rational.ts'
import { boundsOf, type Stratum } from '../verifier/bound.ts'
import { samplingKeySha256 } from '../verifier/sample.ts'
import { signatureProblem, type SigningKey } from './keys.ts'
import type { Receipt, ReceiptVerification, SignedReceipt } from './receipt.ts'

export interface Checked {
  readonly name: string
  /** `unshown`: the document lacks what would show it. */
  readonly is: 'proved' | 'wrong' | 'unshown'
  /** What was shown, what is wrong and in which field, or what is missing. */
  readonly says: string
}

export const proved = (name: string, says: string): Checked => ({ name, is: 'proved', says })
export const wrong = (name: string, says: string): Checked => ({ name, is: 'wrong', says })
export const unshown = (name: string, says: string): Checked => ({ name, is: 'unshown', says })

export function checkReceipt(receipt: SignedReceipt, keys: readonly SigningKey[]): Checked[] {
  const problem = signatureProblem('receipt.v1', receipt, receipt.body.issued_at_ms, keys)
  const signature =
    problem === null
      ? proved('signature', `receipt: signed by the key ${receipt.signature.key_id}`)
      : wrong('signature', `receipt: ${problem}`)
  const { result } = receipt.body
  return [
    signature,
    checkShape(receipt.body),
    checkBill(receipt.body),
    ...(result === null
      ? []
      : [
          checkLevel(receipt.body, result.verification),
          checkBound(result.verification),
          checkSamplingKey(result.verification),
        ]),
  ]
}

function checkShape({ state, result, problem, billing }: Receipt): Checked {
  const isCompleted = state === 'COMPLETED'
  if ((result !== null) !== isCompleted) return wrong('end', `receipt.result: it is not what ${state} has`)
  if ((problem === null) !== isCompleted) return wrong('end', `receipt.problem: it is not what ${state} has`)
  if (!isCompleted && billing.micro_credits !== '0') return wrong('end', `receipt.billing: ${state} costs nothing`)
  return proved('end', isCompleted ? 'the job was completed' : `the job is ${state}: ${problem}`)
}

/** That what was done is what was asked for, or what the policy lets it become: only a `spotcheck` may give up on checks. */
function checkLevel({ policy }: Receipt, { mode, status }: ReceiptVerification): Checked {
  const where = 'receipt.result.verification'
  const { verify, on_unverified = 'degrade' } = policy
  if (mode !== verify) return wrong('level', `${where}.mode: it is ${mode}, the policy asks for ${String(verify)}`)
  if (status !== 'degraded') return proved('level', `the record is of ${mode}, as the policy asks`)
  if (mode !== 'spotcheck') return wrong('level', `${where}.status: ${mode} never gives up on checks`)
  return on_unverified === 'degrade'
    ? proved('level', 'the job gave up on checks, as its policy allows')
    : wrong('level', `${where}.status: it gave up on checks, and the policy does not allow it`)
}

function checkBill({ op, billing, state, result, policy }: Receipt): Checked {
  const { work, mode, price_list } = billing
  if (state !== 'COMPLETED') {
    const isNothing = billing.credits === 0 && billing.eur === 0 && billing.micro_credits === '0'
    return isNothing ? proved('bill', 'nothing is billed') : wrong('bill', `receipt.billing: ${state} costs nothing`)
  }
  if (work === null || result === null) return wrong('bill', 'receipt.billing.work: it is missing')
  if (price_list === null) return unshown('bill', 'the job is older than the ledger: no price list is named')
  const list = priceListOf(price_list)
  if (list === null) return wrong('bill', `receipt.billing.price_list: no list ${price_list} was published`)
  const reached = result.verification.status === 'degraded' ? 'none' : policy['verify']
  if (work.verify !== reached)
    return wrong('bill', `receipt.billing.work.verify: it is ${work.verify}, not ${String(reached)}`)
  if (work.spotcheck_rate !== policy['spotcheck_rate']) {
    return wrong('bill', 'receipt.billing.work.spotcheck_rate: it is not that of the policy')
  }
  const name = `${op.name}/${op.version}/${op.profile}`
  if (!Object.hasOwn(list.profiles, name)) return wrong('bill', `receipt.op: price list ${list.version} has no ${name}`)
  const { numerator, denominator } = work.draws_per_iteration
  if (BigInt(denominator) === 0n) return wrong('bill', 'receipt.billing.work.draws_per_iteration: it divides by 0')
  const price = priceOf(
    {
      profile: { op: op.name, version: op.version, profile: op.profile },
      iterations: BigInt(work.iterations),
      drawsPerUnit: rational(BigInt(numerator), BigInt(denominator)),
      verify: work.verify,
      spotcheckRate: work.spotcheck_rate,
      mode,
    },
    list,
  )
  const shown = { credits: price.credits, eur: price.eur, micro_credits: String(price.microCredits) }
  for (const [field, value] of Object.entries(shown)) {
    const billed: unknown = Reflect.get(billing, field)
    if (billed !== value)
      return wrong('bill', `receipt.billing.${field}: it is ${String(billed)}, the price is ${value}`)
  }
  return proved(
    'bill',
    `${price.credits} credits, ${price.eur} EUR follow from the work and price list ${list.version}`,
  )
}

function checkBound(verification: ReceiptVerification): Checked {
  const { mode, bound, strata, mismatches, voided, shards, checked, checked_by_trusted } = verification
  const where = 'receipt.result.verification'
  if (mode === 'none') {
    return bound === null
      ? proved('bound', 'the record is of none: there is no bound')
      : wrong('bound', `${where}.bound: the record is of none, which has no bound`)
  }
  if (strata === undefined) return unshown('bound', 'the record is older than its strata')
  const all = strata.flatMap((one): Stratum[] =>
    Array.from({ length: one.strata }, () => ({
      shards: one.shards,
      checked: one.checked,
      checkedByTrusted: one.checked_by_trusted,
    })),
  )
  const sum = (of: (one: Stratum) => number): number => all.reduce((total, one) => total + of(one), 0)
  const sums = {
    shards: sum((one) => one.shards),
    checked: sum((one) => one.checked),
    checked_by_trusted: sum((one) => one.checkedByTrusted),
  }
  const said = { shards, checked, checked_by_trusted }
  for (const name of ['shards', 'checked', 'checked_by_trusted'] as const) {
    if (sums[name] !== said[name])
      return wrong('bound', `${where}.${name}: it is ${said[name]}, its strata add up to ${sums[name]}`)
  }
  try {
    const again = boundsOf(all, mismatches + voided)
    if (canonicalJson(again) !== canonicalJson(bound))
      return wrong('bound', `${where}.bound: its counts give ${canonicalJson(again)}`)
    return proved(
      'bound',
      again
        .map(
          (one) =>
            `at most ${one.max_wrong_shards} of ${shards} shards wrong if checkers collude with ${one.assumed_collusion}`,
        )
        .join('; '),
    )
  } catch (error) {
    return wrong('bound', `${where}.strata: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function checkSamplingKey({ mode, sampling_key, sampling_key_sha256 }: ReceiptVerification): Checked {
  const where = 'receipt.result.verification.sampling_key'
  if (mode !== 'spotcheck') return proved('sampling key', 'no sample was drawn')
  if (sampling_key === undefined || !/^[0-9a-f]{64}$/.test(sampling_key))
    return wrong('sampling key', `${where}: it is missing`)
  return samplingKeySha256(sampling_key) === sampling_key_sha256
    ? proved('sampling key', `its SHA-256 is ${sampling_key_sha256}, as was shown from the start`)
    : wrong('sampling key', `${where}: its SHA-256 is not sampling_key_sha256`)
}
