// Making a webhook: an address, and what it is told of.
import { useState } from 'preact/hooks'
import { post, type Schema } from '../api.ts'
import { useDraft } from '../draft.ts'
import { MakeForm } from '../parts/make-form.tsx'
import { OldDraft } from '../parts/old-draft.tsx'
import { TextField } from '../parts/text-field.tsx'
import { Ticks } from '../parts/ticks.tsx'
import { useAct } from '../parts/use-act.ts'
import { webhookWords as say } from '../words/webhooks.ts'
import type { Webhook } from './standing.ts'

export type MadeWebhook = Schema<'CreateWebhookAnswer'>
type EventName = Webhook['events'][number]

/** Every event that there is, with its sentence: one that is missing does not compile. */
const EVENTS: Readonly<Record<EventName, string>> = say.events
const USUAL: readonly EventName[] = ['job.completed', 'job.failed', 'job.cancelled']

const FIRST = { description: '', events: USUAL }

export function NewWebhook({ made }: { made: (made: MadeWebhook) => void }) {
  const draft = useDraft('webhook', () => FIRST)
  const { description, events } = draft.typed
  // It may be a secret of the receiver's: it is kept nowhere.
  const [url, setUrl] = useState('')
  const { busy, problem, attempt, faultOf } = useAct()
  const submit = (): void => {
    void attempt(async () => {
      const asked = { url: url.trim(), events: [...events], description: description.trim() }
      made(await post('/api/v0/webhooks', asked))
      draft.clear()
      setUrl('')
    })
  }
  return (
    <MakeForm title={say.make} off={busy ? say.busy : undefined} problem={problem} submit={submit}>
      <OldDraft of={draft} />
      <div class="fields">
        <TextField label={say.url} value={url} help={say.urlHelp} fault={faultOf('url')} change={setUrl} />
        <TextField
          label={say.description}
          value={description}
          help={say.descriptionHelp}
          fault={faultOf('description')}
          change={(text) => draft.edit({ description: text })}
        />
      </div>
      <Ticks
        legend={say.eventsLegend}
        help={say.eventsHelp}
        fault={faultOf('events')}
        options={EVENTS}
        chosen={events}
        choose={(chosen) => draft.edit({ events: chosen })}
      />
    </MakeForm>
  )
}
