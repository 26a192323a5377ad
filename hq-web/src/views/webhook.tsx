// One webhook: whether what is sent arrives, what can be done, and its deliveries, looked at again while one is on its way.
import { useEffect, useState } from 'preact/hooks'
import { get, patch, post, remove } from '../api.ts'
import { age } from '../format.ts'
import { useLoad } from '../load.ts'
import { useNow } from '../parts/age.tsx'
import { Button } from '../parts/button.tsx'
import { Head } from '../parts/head.tsx'
import { More } from '../parts/more.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { ShownOnce } from '../parts/shown-once.tsx'
import { Sure } from '../parts/sure.tsx'
import { useAct } from '../parts/use-act.ts'
import { Link, navigate, useTitle } from '../router.tsx'
import { may, useSession } from '../session.ts'
import { DeliveryTable } from '../webhooks/delivery-table.tsx'
import type { Webhook } from '../webhooks/standing.ts'
import { WebhookState } from '../webhooks/webhook-state.tsx'
import { words } from '../words.ts'
import { webhookWords as say } from '../words/webhooks.ts'

/** Between two looks at deliveries of which one waits. */
const LOOK_MS = 2_000
/** A day, in which both secrets sign. */
const ROTATION = { overlap_seconds: 86_400 }

export function WebhookView({ id, query }: { id: string; query: URLSearchParams }) {
  useTitle(words.title(say.one))
  const canManage = may(useSession(), 'keys:manage')
  return (
    <>
      <p class="crumb">
        <Link to="/webhooks">{say.title}</Link> / <span class="mono">{id}</span>
      </p>
      {canManage ? (
        <Own id={id} cursor={query.get('cursor') ?? undefined} />
      ) : (
        <Head title={say.one}>{say.noScope('keys:manage')}</Head>
      )}
    </>
  )
}

function Own({ id, cursor }: { id: string; cursor: string | undefined }) {
  const [secret, setSecret] = useState<string | null>(null)
  const now = useNow()
  const { data, problem, reload } = useLoad(
    async (signal) => {
      const sent = { params: { id }, signal }
      const [{ webhook }, { deliveries, next_cursor }] = await Promise.all([
        get('/api/v0/webhooks/{id}', sent),
        get('/api/v0/webhooks/{id}/deliveries', { ...sent, query: { cursor } }),
      ])
      return { webhook, deliveries, next: next_cursor }
    },
    [id, cursor],
  )
  const waits = data?.deliveries.some(({ status }) => status === 'pending') ?? false
  useEffect(() => {
    if (!waits) return
    const timer = setInterval(reload, LOOK_MS)
    return () => clearInterval(timer)
  }, [waits, reload])
  if (data === null) return problem === null ? null : <ProblemNote problem={problem} again={reload} />
  const { webhook, deliveries, next } = data
  return (
    <>
      <Head title={webhook.url}>{webhook.description}</Head>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {secret !== null && (
        <ShownOnce
          label={say.secret}
          title={say.rotatedTitle}
          lead={say.rotated}
          lines={[{ what: say.secret, text: secret }]}
          stored={() => setSecret(null)}
        />
      )}
      <Facts of={webhook} now={now} />
      <WebhookActions of={webhook} changed={reload} rotated={setSecret} />
      <section class="bill">
        <h2>
          {say.deliveries} <span>{say.deliveriesNote}</span>
        </h2>
        {deliveries.length === 0 ? (
          <p>{say.noDeliveries}</p>
        ) : (
          <DeliveryTable
            webhookId={id}
            deliveries={deliveries}
            now={now}
            off={webhook.enabled ? undefined : say.testOff}
            changed={reload}
          />
        )}
        <More
          to={`/webhooks/${id}`}
          cursor={cursor}
          next={next}
          first={say.newestDeliveries}
          later={say.olderDeliveries}
        />
      </section>
    </>
  )
}

function Facts({ of, now }: { of: Webhook; now: number }) {
  const { previous_secret_until: until } = of
  const left = until === null ? 0 : Date.parse(until) - now
  return (
    <dl class="kv keys">
      <dt>{say.heads.state}</dt>
      <dd>
        <WebhookState of={of} now={now} />
      </dd>
      <dt>{say.heads.events}</dt>
      <dd class="may">
        {of.events.map((event) => (
          <code key={event} title={say.events[event]}>
            {event}
          </code>
        ))}
      </dd>
      {left > 0 && (
        <>
          <dt>{say.secret}</dt>
          <dd>{say.overlap(age(left))}</dd>
        </>
      )}
    </dl>
  )
}

interface WebhookActionsProps {
  readonly of: Webhook
  readonly changed: () => void
  readonly rotated: (secret: string) => void
}

function WebhookActions({ of: { id, enabled }, changed, rotated }: WebhookActionsProps) {
  const [tested, setTested] = useState(false)
  const { problem, attempt } = useAct()
  const sent = { params: { id } }
  const test = async (): Promise<void> => {
    const put = await attempt(async () => {
      await post('/api/v0/webhooks/{id}/test', undefined, sent)
      changed()
    })
    setTested(put)
  }
  const setEnabled = async (on: boolean): Promise<void> => {
    await patch('/api/v0/webhooks/{id}', { enabled: on }, sent)
    changed()
  }
  const rotate = async (): Promise<void> => {
    const { secret } = await post('/api/v0/webhooks/{id}/rotate-secret', ROTATION, sent)
    rotated(secret)
    changed()
  }
  const drop = async (): Promise<void> => {
    await remove('/api/v0/webhooks/{id}', sent)
    navigate('/webhooks')
  }
  return (
    <div class="after">
      <div class="acts">
        <Button small off={enabled ? undefined : say.testOff} onPress={() => void test()}>
          {say.test}
        </Button>
        <Sure name={say.rotate} cost={say.rotateCost} sure={say.rotateSure} keep={say.keep} deed={rotate} />
        {enabled ? (
          <Sure
            key="disable"
            name={say.disable}
            cost={say.disableCost}
            sure={say.disableSure}
            keep={say.keep}
            deed={() => setEnabled(false)}
          />
        ) : (
          <Button small onPress={() => void attempt(() => setEnabled(true))}>
            {say.enable}
          </Button>
        )}
        <Sure name={say.remove} cost={say.removeCost} sure={say.removeSure} keep={say.keep} deed={drop} />
      </div>
      <p class="cap after" role="status">
        {tested ? say.tested : enabled ? '' : say.testOff}
      </p>
      {problem !== null && <ProblemNote problem={problem} />}
    </div>
  )
}
