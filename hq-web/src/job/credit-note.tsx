// What the operator gave back of a job's price, if anything: the reason, the credits, and what was paid in the end. It comes after the
// receipt, which never changes, as a signed notice beside it.
import { get, type Schema } from '../api.ts'
import { useLoad } from '../load.ts'
import { words } from '../words.ts'
import type { Job } from './use-job.ts'

type Notice = Schema<'GetJobNoticesAnswer'>['notices'][number]

/** `paid`: micro-credits, as the receipt has them. */
export function CreditNote({ job, paid }: { job: Job; paid: string }) {
  const id = job.job_id
  const count = job.notices?.count ?? 0
  const { data } = useLoad(
    async (signal) => (count === 0 ? null : get('/api/v0/jobs/{id}/notices', { params: { id }, signal })),
    [id, count],
  )
  const note = data?.notices.map(creditNoteOf).find((one) => one !== null)
  if (!note) return null
  const { creditNote, left } = words.job.receipt
  return (
    <table class="after">
      <caption class="sr">{creditNote}</caption>
      <tbody>
        <tr>
          <th scope="row">
            {creditNote} <span class="cap note">{note.reason}</span>
          </th>
          <td class="r">{words.job.answer.credits(-creditsOf(note.microCredits))}</td>
        </tr>
        <tr class="total">
          <th scope="row">{left}</th>
          <td class="r">{words.job.answer.credits(creditsOf(BigInt(paid) - note.microCredits))}</td>
        </tr>
      </tbody>
    </table>
  )
}

/** Said again here: the price's own module would bring its schemas into every view. The test holds both together. */
export const MICRO_PER_CREDIT = 1_000_000

const creditsOf = (microCredits: bigint): number => Number(microCredits) / MICRO_PER_CREDIT

/** Null for a notice of another kind. */
export function creditNoteOf({ kind, detail }: Pick<Notice, 'kind' | 'detail'>) {
  const { micro_credits: given, reason } = detail
  if (kind !== 'credit-note' || typeof given !== 'string' || !/^\d+$/.test(given)) return null
  return { microCredits: BigInt(given), reason: typeof reason === 'string' ? reason : '' }
}
