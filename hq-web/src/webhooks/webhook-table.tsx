// Webhooks as rows; each address leads to its deliveries.
import { Age } from '../parts/age.tsx'
import { Heads } from '../parts/heads.tsx'
import { Link } from '../router.tsx'
import { webhookWords as say } from '../words/webhooks.ts'
import type { Webhook } from './standing.ts'
import { WebhookState } from './webhook-state.tsx'

export function WebhookTable({ webhooks, now }: { webhooks: readonly Webhook[]; now: number }) {
  const { heads } = say
  return (
    <table class="stack keys">
      <caption class="sr">{say.list}</caption>
      <Heads of={heads} />
      <tbody>
        {webhooks.map((webhook) => (
          <tr key={webhook.id}>
            <th scope="row">
              <span class="name">
                <Link to={`/webhooks/${webhook.id}`}>{webhook.url}</Link>
              </span>
              {webhook.description !== '' && <span class="cap">{webhook.description}</span>}
            </th>
            <td data-head={heads.state}>
              <WebhookState of={webhook} now={now} />
            </td>
            <td data-head={heads.events} class="may">
              {webhook.events.map((event) => (
                <code key={event} title={say.events[event]}>
                  {event}
                </code>
              ))}
            </td>
            <td data-head={heads.made}>
              <Age at={webhook.created_at} now={now} say={say.ago} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
