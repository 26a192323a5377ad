// Making a node token: for which machine, in which pool and region, until when.
import { useId, useState } from 'preact/hooks'
import { post, type Schema } from '../api.ts'
import { MakeForm } from '../parts/make-form.tsx'
import { TextField } from '../parts/text-field.tsx'
import { useAct } from '../parts/use-act.ts'
import { poolWords as say } from '../words/pools.ts'

export type MadeToken = Schema<'CreateNodeTokenAnswer'>

interface NewTokenProps {
  readonly pools: readonly string[]
  readonly made: (made: MadeToken) => void
}

const EMPTY = { name: '', region: '', lastDay: '' }

export function NewToken({ pools, made }: NewTokenProps) {
  const [typed, setTyped] = useState(EMPTY)
  const [pool, setPool] = useState<string | null>(null)
  const { busy, problem, attempt, faultOf } = useAct()
  // The first pool, once there is one: that is what a project makes tokens for.
  const chosen = pool ?? pools[0] ?? ''
  const edit = (changes: Partial<typeof EMPTY>): void => setTyped((before) => ({ ...before, ...changes }))
  const submit = (): void => {
    const { name, region, lastDay } = typed
    const body = {
      name,
      ...(chosen === '' ? {} : { pool: chosen }),
      ...(region.trim() === '' ? {} : { region: region.trim() }),
      ...(lastDay === '' ? {} : { expires_at: `${lastDay}T23:59:59.999Z` }),
    }
    void attempt(async () => {
      made(await post('/api/v0/node-tokens', body))
      setTyped(EMPTY)
    })
  }
  return (
    <MakeForm title={say.make} off={busy ? say.busy : undefined} problem={problem} submit={submit}>
      <div class="fields">
        <TextField
          label={say.name}
          value={typed.name}
          help={say.nameHelp}
          fault={faultOf('name')}
          change={(name) => edit({ name })}
        />
        <PoolChoice pools={pools} chosen={chosen} fault={faultOf('pool')} choose={setPool} />
        <TextField
          label={say.region}
          value={typed.region}
          help={say.regionHelp}
          fault={faultOf('region')}
          change={(region) => edit({ region })}
        />
        <TextField
          type="date"
          label={say.expires}
          value={typed.lastDay}
          help={say.expiresHelp}
          fault={faultOf('expires_at')}
          change={(lastDay) => edit({ lastDay })}
        />
      </div>
    </MakeForm>
  )
}

interface PoolChoiceProps {
  readonly pools: readonly string[]
  readonly chosen: string
  readonly fault: string | undefined
  readonly choose: (pool: string) => void
}

function PoolChoice({ pools, chosen, fault, choose }: PoolChoiceProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{say.pool}</label>
      <select
        id={id}
        value={chosen}
        aria-describedby={`${id}-help`}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        {pools.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
        <option value="">{say.anyPool}</option>
      </select>
      <p class={fault === undefined ? 'cap' : 'cap is-bad'} id={`${id}-help`}>
        {fault ?? say.poolHelp}
      </p>
    </div>
  )
}
