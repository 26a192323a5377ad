// The last band: what it cost and why, the digests that are signed, and what one can take home to check it.
import { addressOf } from '../api.ts'
import { count, credits } from '../format.ts'
import { Digest } from '../parts/digest.tsx'
import { VerifyHere } from '../verify/verify-here.tsx'
import { words } from '../words.ts'
import { BandSection } from './band.tsx'
import { CreditNote } from './credit-note.tsx'
import type { When } from './time-line.tsx'
import { hasEnded, type Job, type JobRequest, type Receipt } from './use-job.ts'

interface ReceiptProps {
  readonly job: Job
  readonly request: JobRequest | null
  readonly receipt: Receipt | null
  readonly units: string
  readonly span: When
}

export function ReceiptBand({ job, request, receipt, units, span }: ReceiptProps) {
  const { later, reserved, sealing } = words.job.receipt
  if (receipt === null) {
    return (
      <BandSection band="receipt" span={span}>
        <p class="say soft">
          {hasEnded(job) ? sealing : later}{' '}
          {!hasEnded(job) && request?.reserved && reserved(credits(request.reserved.credits))}
        </p>
      </BandSection>
    )
  }
  return (
    <BandSection band="receipt" span={span}>
      <div class="cols">
        <div>
          <Bill receipt={receipt} units={units} />
          <CreditNote job={job} paid={receipt.body.billing.micro_credits} />
        </div>
        <Files job={job} />
      </div>
      <Digests receipt={receipt} />
      {job.hub !== undefined && (
        <VerifyHere jobId={job.job_id} receipt={receipt.body} shards={job.hub.metrics.shards} />
      )}
    </BandSection>
  )
}

function Bill({ receipt, units }: { receipt: Receipt; units: string }) {
  const { billing, work, workNote, verification, settled, rate, nothing, list } = words.job.receipt
  const { work: done, credits: cost, eur, mode, price_list } = receipt.body.billing
  return (
    <div>
      <h3>{billing}</h3>
      {done === null ? (
        <p>{nothing}</p>
      ) : (
        <table>
          <tbody>
            <tr>
              <th scope="row">{work}</th>
              <td class="amount">
                {workNote(count(done.iterations), drawsText(done.draws_per_iteration)).replace(
                  words.unitFallback,
                  units,
                )}
              </td>
            </tr>
            <tr>
              <th scope="row">{verification}</th>
              <td class="r">
                {done.verify}
                {done.verify === 'spotcheck' && ` ${done.spotcheck_rate}`}
              </td>
            </tr>
            <tr class="total">
              <th scope="row">
                {settled}
                {mode === 'test' && `, ${words.job.answer.test}`}
              </th>
              <td class="r">{words.job.answer.credits(cost)}</td>
            </tr>
            <tr>
              <td class="soft" colSpan={2}>
                {rate(credits(eur))}
              </td>
            </tr>
          </tbody>
        </table>
      )}
      {price_list !== null && (
        <p class="cap after">
          {list}{' '}
          <a href={addressOf('/api/v0/price-lists/{digest}', { params: { digest: price_list } })}>
            {price_list.slice(0, 8)}…
          </a>
        </p>
      )}
    </div>
  )
}

/** Exact in the receipt; here to four decimals at most. */
function drawsText({ numerator, denominator }: { numerator: string; denominator: string }): string {
  return String(Math.round((Number(numerator) / Number(denominator)) * 1e4) / 1e4)
}

function Files({ job }: { job: Job }) {
  const { files, receipt, bundle, keys, check } = words.job.receipt
  const params = { id: job.job_id }
  const links: readonly (readonly [string, string, string])[] = [
    [addressOf('/api/v0/jobs/{id}/receipt', { params }), `receipt-${job.job_id}.json`, receipt],
    ...(job.hub === undefined
      ? []
      : [[addressOf('/api/v0/jobs/{id}/bundle', { params }), `bundle-${job.job_id}.json`, bundle] as const]),
    ['/.well-known/forge-keys.json', 'forge-keys.json', keys],
  ]
  return (
    <div>
      <h3>{files}</h3>
      <ul class="files">
        {links.map(([href, file, name]) => (
          <li key={href}>
            <a href={href} download={file}>
              {words.download} {name}
            </a>
          </li>
        ))}
      </ul>
      {job.hub !== undefined && <p class="cap after">{check}</p>}
    </div>
  )
}

function Digests({ receipt }: { receipt: Receipt }) {
  const { digests, digestsNote, names } = words.job.receipt
  const { contract_digest, kernel_digest, plan_digest, result } = receipt.body
  const rows: readonly (readonly [string, string | null | undefined])[] = [
    [names.contract, contract_digest],
    [names.kernel, kernel_digest],
    [names.plan, plan_digest],
    [names.merkle, result?.merkle_root],
    [names.output, result?.output_digest],
    [names.answer, result?.answer_digest],
  ]
  return (
    <div class="sub">
      <h3>
        {digests} <span>{digestsNote}</span>
      </h3>
      <dl class="kv hexes">
        {rows.map(
          ([name, digest]) =>
            typeof digest === 'string' && (
              <>
                <dt>{name}</dt>
                <dd>
                  <Digest of={digest} />
                </dd>
              </>
            ),
        )}
      </dl>
    </div>
  )
}
