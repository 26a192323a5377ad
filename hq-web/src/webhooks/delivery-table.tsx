// What a webhook was sent and is to be sent: how often it was tried, what the receiver said, and when the next try is.
import { post, type Schema } from '../api.ts'
import { age, count, exactTime } from '../format.ts'
import { Age } from '../parts/age.tsx'
import { Button } from '../parts/button.tsx'
import { Said, type GlyphName, type Tone } from '../parts/glyph.tsx'
import { Heads } from '../parts/heads.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { useAct } from '../parts/use-act.ts'
import { webhookWords as say } from '../words/webhooks.ts'

export type Delivery = Schema<'ListWebhookDeliveriesAnswer'>['deliveries'][number]

const LOOKS: Readonly<Record<Delivery['status'], readonly [GlyphName, Tone]>> = {
  pending: ['queued', 'void'],
  delivered: ['completed', 'ok'],
  failed: ['failed', 'bad'],
  cancelled: ['cancelled', 'void'],
}

interface DeliveryTableProps {
  readonly webhookId: string
  readonly deliveries: readonly Delivery[]
  readonly now: number
  /** Why nothing can be sent again. */
  readonly off: string | undefined
  readonly changed: () => void
}

export function DeliveryTable({ webhookId, deliveries, now, off, changed }: DeliveryTableProps) {
  const { problem, attempt } = useAct()
  const again = (delivery: string): void => {
    void attempt(async () => {
      const params = { id: webhookId, delivery }
      await post('/api/v0/webhooks/{id}/deliveries/{delivery}/redeliver', undefined, { params })
      changed()
    })
  }
  return (
    <>
      {problem !== null && <ProblemNote problem={problem} />}
      <table class="stack keys">
        <caption class="sr">{say.deliveries}</caption>
        <Heads of={say.deliveryHeads} />
        <tbody>
          {deliveries.map((delivery) => (
            <Row key={delivery.id} of={delivery} now={now} off={off} again={() => again(delivery.id)} />
          ))}
        </tbody>
      </table>
    </>
  )
}

interface RowProps {
  readonly of: Delivery
  readonly now: number
  readonly off: string | undefined
  readonly again: () => void
}

function Row({ of, now, off, again }: RowProps) {
  const heads = say.deliveryHeads
  const [glyph, tone] = LOOKS[of.status]
  return (
    <tr>
      <th scope="row">
        <span class="name">{of.event === 'webhook.test' ? say.testEvent : say.events[of.event]}</span>
        <code class="cap">{of.id}</code>
      </th>
      <td data-head={heads.status}>
        <Said glyph={glyph} tone={tone}>
          {say.statuses[of.status]}
        </Said>
      </td>
      <td data-head={heads.attempts}>{count(of.attempts)}</td>
      <td data-head={heads.last}>
        <LastAttempt of={of} now={now} />
      </td>
      <td data-head={heads.next}>
        <NextTry of={of} now={now} />
      </td>
      <td data-head={heads.made}>
        <Age at={of.created_at} now={now} say={say.ago} />
      </td>
      <td>
        <span class="acts">
          <Button small off={off} label={say.redeliverNamed(of.id)} onPress={again}>
            {say.redeliver}
          </Button>
        </span>
      </td>
    </tr>
  )
}

function LastAttempt({ of: { last_attempt: last }, now }: { of: Delivery; now: number }) {
  if (last === null) return <>{say.noAnswer}</>
  return (
    <>
      {last.status === null ? (last.error ?? say.sending) : say.answered(last.status)}
      {last.status !== null && last.error !== null && <span class="cap">{last.error}</span>}
      <span class="cap">
        <Age at={last.at} now={now} say={say.ago} />
      </span>
    </>
  )
}

function NextTry({ of: { status, next_attempt_at: at }, now }: { of: Delivery; now: number }) {
  if (at === null) return <>{status === 'pending' ? say.sending : say.noNext}</>
  return (
    <time dateTime={at} title={exactTime(at)}>
      {say.inTime(age(Date.parse(at) - now))}
    </time>
  )
}
