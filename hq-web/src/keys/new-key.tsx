// Making a key: a name, what it may do, when it ends. The server says what is wrong, and each sentence stands at its field.
import { useState } from 'preact/hooks'
import type { Schema } from '../api.ts'
import { MakeForm } from '../parts/make-form.tsx'
import { TextField } from '../parts/text-field.tsx'
import { Ticks } from '../parts/ticks.tsx'
import { useAct } from '../parts/use-act.ts'
import type { Session } from '../session.ts'
import { words } from '../words.ts'

export type Made = Schema<'CreateKeyAnswer'>
type Scope = Session['scopes'][number]

/** Every scope that there is, with its sentence: one that is missing does not compile. */
const SCOPES: Readonly<Record<Scope, string>> = words.keys.scopes
export const ALL_SCOPES = Object.keys(SCOPES) as Scope[]

interface NewKeyProps {
  /** Why none can be made; undefined when one can. */
  readonly off: string | undefined
  /** Those that stand there first, and those that can be given. */
  readonly usual: readonly Scope[]
  readonly canGive: (scope: Scope) => boolean
  readonly send: (asked: Asked) => Promise<Made>
  readonly made: (made: Made) => void
}

export type Asked = Schema<'CreateKeyBody'>

export function NewKey({ off, usual, canGive, send, made }: NewKeyProps) {
  const say = words.keys
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState(usual)
  const [lastDay, setLastDay] = useState('')
  const { busy, problem, attempt, faultOf } = useAct()
  const submit = (): void => {
    const expiry = lastDay === '' ? {} : { expires_at: `${lastDay}T23:59:59.999Z` }
    void attempt(async () => {
      made(await send({ name, scopes: scopes.filter(canGive), ...expiry }))
      setName('')
      setLastDay('')
    })
  }
  return (
    <MakeForm title={say.make} off={off ?? (busy ? say.busy : undefined)} note={off} problem={problem} submit={submit}>
      <div class="fields">
        <TextField label={say.name} value={name} help={say.nameHelp} fault={faultOf('name')} change={setName} />
        <TextField
          type="date"
          label={say.expires}
          value={lastDay}
          help={say.expiresHelp}
          fault={faultOf('expires_at')}
          change={setLastDay}
        />
      </div>
      <Ticks
        legend={say.scopesLegend}
        help={say.scopesHelp}
        fault={faultOf('scopes')}
        options={SCOPES}
        chosen={scopes}
        choose={setScopes}
        off={(scope) => (canGive(scope) ? undefined : say.lacks)}
      />
    </MakeForm>
  )
}
