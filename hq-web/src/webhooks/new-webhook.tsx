// Making a webhook: an address, and what it is told of.
import { useId, useState } from 'preact/hooks'
import { post, type Schema } from '../api.ts'
import { Button } from '../parts/button.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { TextField } from '../parts/text-field.tsx'
import { useAct } from '../parts/use-act.ts'
import { webhookWords as say } from '../words/webhooks.ts'
import type { Webhook } from './webhook-state.tsx'

export type MadeWebhook = Schema<'CreateWebhookAnswer'>
type EventName = Webhook['events'][number]

/** Every event that there is, with its sentence: one that is missing does not compile. */
const EVENTS: Readonly<Record<EventName, string>> = say.events
const USUAL: readonly EventName[] = ['job.completed', 'job.failed', 'job.cancelled']

export function NewWebhook({ made }: { made: (made: MadeWebhook) => void }) {
  const [url, setUrl] = useState('')
  const [description, setDescription] = useState('')
  const [events, setEvents] = useState(USUAL)
  const { busy, problem, attempt, faultOf } = useAct()
  const submit = (): void => {
    void attempt(async () => {
      made(await post('/api/v0/webhooks', { url: url.trim(), events: [...events], description: description.trim() }))
      setUrl('')
      setDescription('')
    })
  }
  return (
    <form
      class="new-key"
      aria-label={say.make}
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <h2>{say.make}</h2>
      <div class="fields">
        <TextField label={say.url} value={url} help={say.urlHelp} fault={faultOf('url')} change={setUrl} />
        <TextField
          label={say.description}
          value={description}
          help={say.descriptionHelp}
          fault={faultOf('description')}
          change={setDescription}
        />
      </div>
      <Events chosen={events} choose={setEvents} fault={faultOf('events')} />
      <p class="acts">
        <Button main off={busy ? say.busy : undefined} onPress={submit}>
          {say.make}
        </Button>
      </p>
      {problem !== null && <ProblemNote problem={problem} />}
    </form>
  )
}

interface EventsProps {
  readonly chosen: readonly EventName[]
  readonly choose: (chosen: readonly EventName[]) => void
  readonly fault: string | undefined
}

function Events({ chosen, choose, fault }: EventsProps) {
  const id = useId()
  return (
    <fieldset aria-describedby={id}>
      <legend>{say.eventsLegend}</legend>
      <ul class="scopes">
        {(Object.keys(EVENTS) as EventName[]).map((name) => (
          <li key={name}>
            <label>
              <input
                type="checkbox"
                checked={chosen.includes(name)}
                onChange={({ currentTarget: { checked } }) =>
                  choose(checked ? [...chosen, name] : chosen.filter((one) => one !== name))
                }
              />
              <span>
                {EVENTS[name]} <code>{name}</code>
              </span>
            </label>
          </li>
        ))}
      </ul>
      <p class={fault === undefined ? 'cap' : 'cap is-bad'} id={id}>
        {fault ?? say.eventsHelp}
      </p>
    </fieldset>
  )
}
