// Making a key: a name, what it may do, when it ends. The server says what is wrong, and each sentence stands at its field.
import { useId, useState } from 'preact/hooks'
import { ApiProblem, post, type Problem, type Schema } from '../api.ts'
import { Button } from '../parts/button.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { TextField } from '../parts/text-field.tsx'
import { may, useSession, type Session } from '../session.ts'
import { words } from '../words.ts'

export type Made = Schema<'CreateKeyAnswer'>
type Scope = Session['scopes'][number]

/** Every scope that there is, with its sentence: one that is missing does not compile. */
const SCOPES: Readonly<Record<Scope, string>> = words.keys.scopes

interface NewKeyProps {
  /** Why none can be made; undefined when one can. */
  readonly off: string | undefined
  readonly made: (made: Made) => void
}

export function NewKey({ off, made }: NewKeyProps) {
  const say = words.keys
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<readonly Scope[]>(['jobs:read', 'jobs:write'])
  const [lastDay, setLastDay] = useState('')
  const { send, problem, busy } = useSend((answer) => {
    setName('')
    setLastDay('')
    made(answer)
  })
  const faultOf = (field: string): string | undefined =>
    problem?.errors?.find(({ path }) => path === field || path.startsWith(`${field}.`))?.message
  const submit = (): void => {
    if (off !== undefined || busy) return
    void send({ name, scopes: [...scopes], ...(lastDay === '' ? {} : { expires_at: `${lastDay}T23:59:59.999Z` }) })
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
      <Scopes chosen={scopes} choose={setScopes} fault={faultOf('scopes')} />
      <p class="acts">
        <Button main off={off ?? (busy ? say.busy : undefined)} onPress={submit}>
          {say.make}
        </Button>
      </p>
      {off !== undefined && <p class="cap">{off}</p>}
      {problem !== null && <ProblemNote problem={problem} />}
    </form>
  )
}

function useSend(made: (made: Made) => void) {
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const send = async (asked: Schema<'CreateKeyBody'>): Promise<void> => {
    setBusy(true)
    setProblem(null)
    try {
      made(await post('/api/v0/keys', asked))
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      setProblem(error.problem)
    } finally {
      setBusy(false)
    }
  }
  return { send, problem, busy }
}

interface ScopesProps {
  readonly chosen: readonly Scope[]
  readonly choose: (chosen: readonly Scope[]) => void
  readonly fault: string | undefined
}

function Scopes({ chosen, choose, fault }: ScopesProps) {
  const { scopesLegend, scopesHelp, lacks } = words.keys
  const session = useSession()
  const id = useId()
  return (
    <fieldset aria-describedby={id}>
      <legend>{scopesLegend}</legend>
      <ul class="scopes">
        {(Object.keys(SCOPES) as Scope[]).map((scope) => (
          <li key={scope}>
            <label>
              <input
                type="checkbox"
                disabled={!may(session, scope)}
                checked={chosen.includes(scope) && may(session, scope)}
                onChange={({ currentTarget: { checked } }) =>
                  choose(checked ? [...chosen, scope] : chosen.filter((one) => one !== scope))
                }
              />
              <span>
                {SCOPES[scope]} <code>{scope}</code>
                {!may(session, scope) && <span class="cap">{lacks}</span>}
              </span>
            </label>
          </li>
        ))}
      </ul>
      <p class={fault === undefined ? 'cap' : 'cap is-bad'} id={id}>
        {fault ?? scopesHelp}
      </p>
    </fieldset>
  )
}
