// The offline check of a bundle: from the bytes of one file, what they prove of a job and what not. Signatures, digests, plan,
// root, bill, sample and bound are recomputed; the output too, where the partials are there; and shards drawn by whoever
// checks are run again, on any engine. Nothing here asks a server, and every finding names the field that it is about.
import { plainIssue } from '../contract/plain-issue.ts'
import type { TableSpec } from '../kernels/kernel.ts'
import { priceListDigest } from '../billing/price-list.ts'
import { canonicalJson } from '../exact/canonical-json.ts'
import { utf8 } from '../exact/bytes.ts'
import { digest, digestOfJson } from '../exact/digest.ts'
import { kernelName, kernels } from '../kernels/registry.gen.ts'
import { contractDigest } from '../planner/contract.ts'
import { planQuestion, type PlannedQuestion } from '../verifier/audit.ts'
import { bundleSchema, type Bundle } from './bundle.ts'
import { checkReceipt, proved, unshown, wrong, type Checked } from './check-receipt.ts'
import { checkPlan, checkRerun, checkSample, checkShards, reduced, type Rerun } from './check-shards.ts'
import { keyListProblem, signatureProblem, type SigningKey } from './keys.ts'
import { bodyDigest } from './signed.ts'

export interface CheckOptions extends Rerun {
  /** From a source that is trusted, such as the server's own list; null: only those that the bundle brings. */
  readonly keys: readonly SigningKey[] | null
  readonly compile?: (spec: TableSpec) => Uint32Array
  /** What the bundle was asked for, by whoever did not choose the file by hand. */
  readonly expected?: Expected
}

export interface Expected {
  readonly jobId: string
  /** The body of its receipt as it was shown before. */
  readonly receipt: object
}

export async function checkBundle(text: unknown, options: CheckOptions): Promise<Checked[]> {
  const parsed = bundleSchema.safeParse(text, { error: plainIssue })
  if (!parsed.success) {
    return parsed.error.issues.map(({ path, message }) =>
      wrong('format', `${path.join('.') || 'the bundle'}: ${message}`),
    )
  }
  const bundle = parsed.data
  const { body } = bundle.receipt
  if (body.result === null)
    return [wrong('format', `receipt.result: a bundle is of a completed job, this one is ${body.state}`)]
  const question = plannedOf(bundle, options)
  const documents = [
    ...checkAsked(bundle, options),
    ...checkKeys(bundle, options),
    ...checkReceipt(bundle.receipt, options.keys ?? bundle.keys.body.keys),
    ...checkPriceList(bundle),
    ...checkLink(bundle, options),
    ...checkNotices(bundle, options),
    ...checkContract(bundle),
    ...checkAnswer(bundle),
    ...checkShards(bundle),
    checkSample(bundle),
  ]
  if ('is' in question) return [...documents, question]
  const again = reduced(bundle, question)
  return [
    ...documents,
    ...checkPlan(bundle, question),
    ...again.checked,
    ...(await checkRerun(bundle, question, again.lastPass, options)),
  ]
}

function checkAsked({ receipt: { body } }: Bundle, { expected }: CheckOptions): Checked[] {
  if (expected === undefined) return []
  const { jobId, receipt } = expected
  if (body.job_id !== jobId) return [wrong('job', `receipt.job_id: it is ${body.job_id}, asked for was ${jobId}`)]
  if (bodyDigest('receipt.v1', body) !== bodyDigest('receipt.v1', receipt)) {
    return [wrong('job', 'receipt: it is another one than the job shows')]
  }
  return [proved('job', `the receipt is that of ${jobId}, as the job shows it`)]
}

/** A finding where it cannot be run: this version lacks the kernel, or has it and the contract is none that it plans. */
function plannedOf({ contract, receipt }: Bundle, { compile }: CheckOptions): PlannedQuestion | Checked {
  const { op, args, root_seed: rootSeed } = contract
  const name = kernelName({ op: op.name, version: op.version, profile: op.profile })
  const kernel = kernels.get(name)
  if (kernel === undefined) {
    return unshown('plan', `this version has no kernel ${name}: nothing is planned, reduced or run again`)
  }
  const { kernel_digest: said } = receipt.body
  if (kernel.digest !== said) {
    return unshown('plan', `this version has the kernel ${kernel.digest}, not ${said}: nothing is run again`)
  }
  try {
    return planQuestion({ op, args, rootSeed }, compile)
  } catch (error) {
    // The same kernel planned it when the job ran, so that these cannot be the args of then.
    return wrong('plan', `contract.args: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function checkKeys({ keys }: Bundle, options: CheckOptions): Checked[] {
  const problem = keyListProblem(keys)
  if (problem !== null) return [wrong('keys', `keys: ${problem}`)]
  if (options.keys !== null) return [proved('keys', 'signatures are held against the keys that were given')]
  const ids = [...new Set(keys.body.keys.map(({ key_id }) => key_id))].join(', ')
  return [unshown('keys', `whose keys these are: compare ${ids} with the server’s /.well-known/forge-keys.json`)]
}

function checkPriceList({ price_list, receipt }: Bundle): Checked[] {
  const { price_list: named } = receipt.body.billing
  const is = price_list === null ? null : priceListDigest(price_list)
  return is === named ? [] : [wrong('price list', `price_list: its digest is ${is}, the receipt names ${named}`)]
}

function checkLink({ link, receipt, keys }: Bundle, options: CheckOptions): Checked[] {
  const { body } = link
  const problem = signatureProblem('receipt-link.v1', link, body.issued_at_ms, options.keys ?? keys.body.keys)
  if (problem !== null) return [wrong('log', `link: ${problem}`)]
  const is = {
    job_id: receipt.body.job_id,
    project_id: receipt.body.project_id,
    document: bodyDigest('receipt.v1', receipt.body),
  }
  for (const name of ['job_id', 'project_id', 'document'] as const) {
    if (body[name] !== is[name])
      return [wrong('log', `link.${name}: it is ${body[name]}, the receipt's is ${is[name]}`)]
  }
  return [proved('log', `receipt ${body.place} of its project, behind ${body.previous ?? 'none'}`)]
}

function checkNotices({ notices, receipt, keys }: Bundle, options: CheckOptions): Checked[] {
  const of = bodyDigest('receipt.v1', receipt.body)
  const checked = notices.flatMap((notice, place): Checked[] => {
    const { body } = notice
    const problem = signatureProblem('signed-notice.v1', notice, body.issued_at_ms, options.keys ?? keys.body.keys)
    if (problem !== null) return [wrong('notices', `notices.${place}: ${problem}`)]
    if (body.receipt !== of) return [wrong('notices', `notices.${place}.receipt: it is beside another receipt`)]
    if (body.number !== place) return [wrong('notices', `notices.${place}.number: it is ${body.number}`)]
    return [proved('notices', `notice ${place} (${body.kind}): ${canonicalJson(body.detail)}`)]
  })
  return [...checked, unshown('notices', `whether there are more than ${notices.length}: ask the server`)]
}

function checkContract({ contract, receipt }: Bundle): Checked[] {
  const { op, args, root_seed, policy, references } = contract
  const { body } = receipt
  const same = { op: [op, body.op], root_seed: [root_seed, body.root_seed], policy: [policy, body.policy] }
  for (const [name, [here, there]] of Object.entries(same)) {
    if (canonicalJson(here) !== canonicalJson(there))
      return [wrong('contract', `contract.${name}: it is not the receipt's`)]
  }
  const kernel = kernels.get(kernelName({ op: op.name, version: op.version, profile: op.profile }))
  if (kernel === undefined) return [unshown('contract', 'this version does not know its op')]
  if (contractDigest(kernel, args, root_seed, references) !== body.contract_digest) {
    return [wrong('contract', 'contract.args: their digest, with op and seed, is not receipt.contract_digest')]
  }
  return [proved('contract', `its digest is ${body.contract_digest}`), ...unvouchedNames(references)]
}

/** A project names its arrays and blobs as it likes; what they held stands in the args, and by its digest in the contract's. */
function unvouchedNames(references: Bundle['contract']['references']): Checked[] {
  if (references.length === 0) return []
  const names = references.map(({ path, ref }) => `${path} ${JSON.stringify(ref)}`).join(', ')
  return [
    unshown(
      'names',
      `contract.references, ref: what the project called them, which nothing here vouches for: ${names}`,
    ),
  ]
}

function checkAnswer({ answer, receipt }: Bundle): Checked[] {
  const { result, billing, ...body } = receipt.body
  const { hub } = answer
  const said: readonly (readonly [string, unknown, unknown])[] = [
    ['hub.replay.root_seed', hub.replay.root_seed, body.root_seed],
    ['hub.replay.contract_digest', hub.replay.contract_digest, body.contract_digest],
    ['hub.replay.kernel_digest', hub.replay.kernel_digest, body.kernel_digest],
    ['hub.replay.plan_digest', hub.replay.plan_digest, body.plan_digest],
    ['hub.replay.merkle_root', hub.replay.merkle_root, result?.merkle_root],
    ['hub.replay.output_digest', hub.replay.output_digest, result?.output_digest],
    ['hub.output', digestOfJson('output.v1', hub.output), result?.output_digest],
    ['hub.verification', canonicalJson(hub.verification), canonicalJson(result?.verification ?? null)],
    ['billing', canonicalJson(answer.billing), canonicalJson({ credits: billing.credits, eur: billing.eur })],
  ]
  const other = said.find(([, here, there]) => here !== there)
  if (other !== undefined) return [wrong('answer', `answer.${other[0]}: it is not what the receipt says`)]
  if (digest('answer.v1', utf8(canonicalJson(answer))) !== result?.answer_digest) {
    return [wrong('answer', 'answer: its digest is not receipt.result.answer_digest')]
  }
  return [proved('answer', `its digest is ${result.answer_digest}, and its output’s ${result.output_digest}`)]
}
